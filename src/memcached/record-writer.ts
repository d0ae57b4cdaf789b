import { Buffer } from "node:buffer";
import type { Socket } from "node:net";

/**
 * Writes commands to a TLS socket so that none is split between two records: Memcached 1.6.18 stalls on the second part.
 * Each record is written once the one before it is: Node would join what is written meanwhile, and split it anew. A
 * command that is longer than a record is written by itself.
 */
export class RecordWriter {
  readonly #socket: Socket;
  /** Records that wait for the one that is being written. */
  readonly #waiting: Buffer[] = [];
  #writing = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Writes whole commands, as many at a time as fit into a record. */
  write(commands: readonly Buffer[]): void {
    let record: Buffer[] = [];
    let bytes = 0;
    for (const command of commands) {
      if (bytes + command.length > RECORD_BYTES) {
        this.#add(record);
        record = [];
        bytes = 0;
      }
      record.push(command);
      bytes += command.length;
    }
    this.#add(record);
    if (!this.#writing) this.#next();
  }

  #add(record: readonly Buffer[]): void {
    if (record.length > 0) this.#waiting.push(Buffer.concat(record));
  }

  #next(): void {
    const record = this.#waiting.shift();
    this.#writing = record !== undefined;
    if (record === undefined) return;
    this.#socket.write(record, (error) => {
      // After an error the socket closes, and nothing more is written.
      if (!error) this.#next();
    });
  }
}

/** What fits into a record, which holds 16,384 bytes. */
const RECORD_BYTES = 16_000;
