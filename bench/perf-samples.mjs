// The samples in the bytes of a perf ring, found without the reader that benchmarks measure.

const PERF_RECORD_SAMPLE = 9;
const HEADER_SIZE = 8;
/** The sample's header, and the size of its data. */
const DATA_AT = HEADER_SIZE + 4;

/**
 * @param {Uint8Array} payload whole records
 * @returns {number[]} offsets of the events
 */
export function eventsOf(payload) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
  const offsets = [];
  for (let i = 0; i + HEADER_SIZE <= payload.length; i += view.getUint16(i + 6, true))
    if (view.getUint32(i, true) === PERF_RECORD_SAMPLE) offsets.push(i + DATA_AT);
  return offsets;
}
