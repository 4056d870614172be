// The first 64 bytes of a log: magic, version, flags, identity. docs/format.md, "File header".
import { crcOf } from "./crc.js";
import { FormatError, NewerFormatError, NotARecordingError } from "./errors.js";

/**
 * Not ASCII first, then the name, then a line end of either kind and a control-Z: what transfers that "convert text"
 * would change, as in PNG's signature (https://www.w3.org/TR/png-3/#5PNG-file-signature).
 */
export const FILE_MAGIC: Uint8Array = Uint8Array.of(0x89, 0x53, 0x4b, 0x54, 0x0d, 0x0a, 0x1a, 0x0a);

export const FILE_HEADER_SIZE = 64;
export const FORMAT_VERSION_MAJOR = 1;
export const FORMAT_VERSION_MINOR = 0;

/** Byte offsets of the fields of the file header. */
export const FILE_HEADER = {
  magic: 0,
  versionMajor: 8,
  versionMinor: 10,
  headerSize: 12,
  compatibleFlags: 16,
  incompatibleFlags: 20,
  uuid: 24,
  layoutId: 40,
  startNs: 48,
  reserved: 56,
  crc: 60,
} as const;

/** Incompatible flags that this version understands: none so far. A reader refuses a file with any other. */
const KNOWN_INCOMPATIBLE_FLAGS = 0;

/** What the file header says. */
export interface FileHeader {
  readonly versionMajor: number;
  readonly versionMinor: number;
  readonly compatibleFlags: number;
  readonly incompatibleFlags: number;
  /** 16 bytes, RFC 9562 version 4. */
  readonly uuid: Uint8Array;
  /** CRC-32 of the event layout's JSON: lets the events be decoded even if the ENVIRONMENT chunk is lost. */
  readonly layoutId: number;
  /** CLOCK_MONOTONIC when the recording began, in ns: the zero of relative times. */
  readonly startNs: bigint;
}

/** The 64 bytes of a header. */
export function encodeFileHeader(header: {
  uuid: Uint8Array;
  layoutId: number;
  startNs: bigint;
}): Uint8Array {
  const bytes = new Uint8Array(FILE_HEADER_SIZE);
  const view = new DataView(bytes.buffer);
  bytes.set(FILE_MAGIC, FILE_HEADER.magic);
  view.setUint16(FILE_HEADER.versionMajor, FORMAT_VERSION_MAJOR, true);
  view.setUint16(FILE_HEADER.versionMinor, FORMAT_VERSION_MINOR, true);
  view.setUint32(FILE_HEADER.headerSize, FILE_HEADER_SIZE, true);
  bytes.set(header.uuid.subarray(0, 16), FILE_HEADER.uuid);
  view.setUint32(FILE_HEADER.layoutId, header.layoutId, true);
  view.setBigUint64(FILE_HEADER.startNs, header.startNs, true);
  view.setUint32(FILE_HEADER.crc, crcOf(bytes.subarray(0, FILE_HEADER.crc)), true);
  return bytes;
}

/**
 * Reads the header from the first bytes of a file.
 * @throws NotARecordingError if the magic is not there, NewerFormatError if only a newer version can read the file,
 * FormatError if the checksum does not hold.
 */
export function decodeFileHeader(bytes: Uint8Array): FileHeader {
  if (bytes.length === 0) throw new NotARecordingError("the file is empty", 0);
  const magic = bytes.subarray(0, FILE_MAGIC.length);
  if (!magic.every((byte, i) => byte === FILE_MAGIC[i])) throw new NotARecordingError(whatElse(bytes), 0);
  if (bytes.length < FILE_HEADER_SIZE)
    throw new NotARecordingError(
      `the file ends after ${bytes.length} bytes, inside its header of ${FILE_HEADER_SIZE}`,
      bytes.length,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const crc = crcOf(bytes.subarray(0, FILE_HEADER.crc));
  const expected = view.getUint32(FILE_HEADER.crc, true);
  if (crc !== expected)
    throw new FormatError(
      `the file header is damaged: its checksum is ${hex(expected)}, its bytes give ${hex(crc)}`,
      0,
    );
  const header: FileHeader = {
    versionMajor: view.getUint16(FILE_HEADER.versionMajor, true),
    versionMinor: view.getUint16(FILE_HEADER.versionMinor, true),
    compatibleFlags: view.getUint32(FILE_HEADER.compatibleFlags, true),
    incompatibleFlags: view.getUint32(FILE_HEADER.incompatibleFlags, true),
    uuid: bytes.slice(FILE_HEADER.uuid, FILE_HEADER.uuid + 16),
    layoutId: view.getUint32(FILE_HEADER.layoutId, true),
    startNs: view.getBigUint64(FILE_HEADER.startNs, true),
  };
  const unknownFlags = (header.incompatibleFlags & ~KNOWN_INCOMPATIBLE_FLAGS) >>> 0;
  if (header.versionMajor > FORMAT_VERSION_MAJOR || unknownFlags !== 0)
    throw new NewerFormatError(
      `the recording has format version ${header.versionMajor}.${header.versionMinor}` +
        (unknownFlags ? ` with features ${hex(unknownFlags)}` : "") +
        `; this skbtracer reads up to ${FORMAT_VERSION_MAJOR}.x: use a newer one`,
      FILE_HEADER.versionMajor,
    );
  return header;
}

/** The text of a UUID, as RFC 9562 writes it. */
export function uuidText(uuid: Uint8Array): string {
  const digits = Array.from(uuid, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}

/** Names what the file seems to be instead, because the commonest mistake is the wrong file. */
function whatElse(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  if (start.startsWith("\x89SKT") || start.startsWith("\tSKT"))
    return "the file was changed on its way, as a text transfer does: copy it again in binary mode";
  const known: readonly [prefix: string, what: string][] = [
    ["SQLite format 3", "an SQLite database"],
    ["\x0a\x0d\x0d\x0a", "a pcapng capture"],
    ["\xd4\xc3\xb2\xa1", "a pcap capture"],
    ["\x4d\x3c\xb2\xa1", "a pcap capture"],
    ["\x1f\x8b", "compressed with gzip: decompress it first"],
    ["\x28\xb5\x2f\xfd", "compressed with zstd: decompress it first"],
    ["ARROW1", "an Arrow file"],
    ["PAR1", "a Parquet file"],
    ["\x7fELF", "an ELF program"],
  ];
  const found = known.find(([prefix]) => start.startsWith(prefix));
  return found ? `not a recording of skbtracer: it is ${found[1]}` : "not a recording of skbtracer";
}
