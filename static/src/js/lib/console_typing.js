// What is typed into a console and has not reached the server yet. It is numbered by its bytes, as the server counts them: what
// was on its way when a connection broke is sent again, and nothing twice.

// As much as the server takes for one program.
const MOST_BYTES = 1024 * 1024;

export function typing(send) {
  const encoder = new TextEncoder();
  let pieces = [];
  let size = 0;
  // How many bytes came before the pieces.
  let arrived = 0;
  let isJoined = false;

  return {
    get waiting() {
      return size;
    },
    // Whether it was taken.
    add(data) {
      const bytes = typeof data === "string" ? encoder.encode(data) : data;
      if (size + bytes.length > MOST_BYTES && size) return false;
      pieces.push(bytes);
      size += bytes.length;
      if (isJoined) send(bytes);
      return true;
    },
    // The server has had so many bytes.
    had(count) {
      while (pieces.length && arrived + pieces[0].length <= count) {
        arrived += pieces[0].length;
        size -= pieces.shift().length;
      }
    },
    // There is somebody who takes it, and has had so many bytes already.
    join(count) {
      this.had(count);
      isJoined = true;
      for (const bytes of pieces) send(bytes);
    },
    part() {
      isJoined = false;
    },
    // What was typed goes to nobody any more; how many bytes that were.
    drop() {
      const lost = size;
      [pieces, size, isJoined] = [[], 0, false];
      return lost;
    },
  };
}
