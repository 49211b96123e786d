"use strict";
// A zip without compression of the files of a folder: local headers and contents, the directory, its end.
// APPNOTE.TXT 4.3, PKWARE. Without zip64: up to 65,535 files and 4 GiB.
(() => {
  const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
  });
  const MOST_FILES = 0xffff, MOST_BYTES = 0xffffffff, UTF8 = 0x0800, NEW_YEAR_1980 = 0x0021;

  function crc32(bytes) {
    let sum = 0xffffffff;
    for (let n = 0; n < bytes.length; n++) sum = TABLE[(sum ^ bytes[n]) & 255] ^ (sum >>> 8);
    return (sum ^ 0xffffffff) >>> 0;
  }

  // Fields of 2 and 4 bytes, least significant byte first.
  function fields(...values) {
    const view = new DataView(new ArrayBuffer(values.reduce((sum, [size]) => sum + size, 0)));
    let at = 0;
    for (const [size, value] of values) {
      size === 2 ? view.setUint16(at, value, true) : view.setUint32(at, value, true);
      at += size;
    }
    return view.buffer;
  }

  // `files` are [path, File]. The contents stay on disk: the zip refers to the files.
  window.zipped = async (files) => {
    const parts = [], directory = [];
    let at = 0, length = 0;
    if (files.length > MOST_FILES) throw new Error(`${files.length} files are too many; choose the folder of one series`);
    if (files.reduce((sum, [path, file]) => sum + file.size + 256 + 4 * path.length, 0) > MOST_BYTES) throw new Error("more than 4 GB; choose the folder of one series");
    for (const [path, file] of files) {
      const name = new TextEncoder().encode(path), sum = crc32(new Uint8Array(await file.arrayBuffer()));
      const facts = [[2, 20], [2, UTF8], [2, 0], [2, 0], [2, NEW_YEAR_1980], [4, sum], [4, file.size], [4, file.size], [2, name.length], [2, 0]];
      const entry = [fields([4, 0x02014b50], [2, 20], ...facts, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]), name];
      parts.push(fields([4, 0x04034b50], ...facts), name, file);
      directory.push(...entry);
      at += 30 + name.length + file.size;
      length += 46 + name.length;
    }
    const count = files.length;
    const end = fields([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, at], [2, 0]);
    return new Blob([...parts, ...directory, end]);
  };
})();
