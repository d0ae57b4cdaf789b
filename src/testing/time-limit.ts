/**
 * Does the work of a case, and rejects if it does not end in time.
 *
 * @param limit - in milliseconds.
 * @param pending - returns the calls of the driver that have not settled.
 */
export async function withinLimit<T>(limit: number, work: () => Promise<T>, pending: () => string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(messageOf(limit, pending()))), limit);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(limit: number, pending: string): string {
  const calls = pending === "" ? "none" : pending;
  return `the case did not end within its limit of ${limit} ms (caseLimit of the subject); pending calls of the driver: ${calls}`;
}
