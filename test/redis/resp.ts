/** Reads values of RESP2 from a stream of bytes: commands and replies. */
export class RespReader {
  #bytes = Buffer.alloc(0);

  *read(chunk: Buffer): Generator<Answer> {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    while (true) {
      const found = parse(this.#bytes, 0);
      if (found === undefined) return;
      this.#bytes = this.#bytes.subarray(found.end);
      yield found.value;
    }
  }
}

/** A value of RESP2. Bulk strings and status replies are strings, errors are Errors. */
export type Answer = string | number | null | Error | Answer[];

/** A command as it is sent. */
export function encodeCommand(command: readonly string[]): string {
  return `*${command.length}\r\n${command.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`).join("")}`;
}

function parse(bytes: Buffer, at: number): { value: Answer; end: number } | undefined {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("utf8", at + 1, lineEnd);
  let end = lineEnd + 2;
  switch (String.fromCharCode(bytes[at] as number)) {
    case "+":
      return { value: line, end };
    case "-":
      return { value: new Error(line), end };
    case ":":
      return { value: Number(line), end };
    case "$": {
      if (line === "-1") return { value: null, end };
      const length = Number(line);
      if (bytes.length < end + length + 2) return undefined;
      return { value: bytes.toString("utf8", end, end + length), end: end + length + 2 };
    }
    case "*": {
      const list: Answer[] = [];
      for (let count = Number(line); count > 0; count--) {
        const element = parse(bytes, end);
        if (element === undefined) return undefined;
        list.push(element.value);
        end = element.end;
      }
      return { value: list, end };
    }
    default:
      throw new Error(`not RESP2: ${bytes.toString("latin1", at, at + 20)}`);
  }
}
