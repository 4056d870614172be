// One column of a row group: a dictionary page if it pays, and one data page (version 2), compressed by Snappy.
import type { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import type { ParquetWriter } from "hyparquet-writer/src/parquet-writer.js";
import { snappyCompress } from "hyparquet-writer/src/snappy.js";

import { hybrid } from "./hybrid.js";
import type { SchemaElement } from "./schema.js";
import { type ColumnValues, encodeValues } from "./values.js";

/** What the file's footer says of a column chunk. */
export type ColumnChunk = ParquetWriter["row_groups"][number]["columns"][number];

/** Writes the first `length` rows of a column. */
export function writeColumnChunk(
  writer: ByteWriter,
  { type = "INT32" }: SchemaElement,
  column: ColumnValues,
  length: number,
): ColumnChunk {
  const start = writer.offset;
  const { encoding, bytes, dictionary, ...bounds } = encodeValues(column, length);
  let uncompressed = 0;
  if (dictionary) uncompressed += writeDictionaryPage(writer, dictionary.bytes, dictionary.count);
  const dataStart = writer.offset;
  const levels = column.optional ? hybrid(column.present, length, 1) : new Uint8Array();
  const compressed = snappyCompress(bytes);
  writePageHeader(writer, {
    type: "DATA_PAGE_V2",
    uncompressed_page_size: levels.length + bytes.length,
    compressed_page_size: levels.length + compressed.length,
    data_page_header_v2: {
      num_values: length,
      num_nulls: column.nulls,
      num_rows: length,
      encoding,
      definition_levels_byte_length: levels.length,
      repetition_levels_byte_length: 0,
      is_compressed: true,
    },
  });
  uncompressed += writer.offset - dataStart + levels.length + bytes.length;
  writer.appendBytes(levels);
  writer.appendBytes(compressed);
  return {
    file_offset: BigInt(start),
    meta_data: {
      type,
      encodings: dictionary ? ["PLAIN", "RLE", encoding] : ["RLE", encoding],
      path_in_schema: [column.name],
      codec: "SNAPPY",
      num_values: BigInt(length),
      total_uncompressed_size: BigInt(uncompressed),
      total_compressed_size: BigInt(writer.offset - start),
      data_page_offset: BigInt(dataStart),
      ...(dictionary && { dictionary_page_offset: BigInt(start) }),
      statistics: { ...bounds, null_count: BigInt(column.nulls) },
    },
  };
}

/** @returns its size before compression, header included */
function writeDictionaryPage(writer: ByteWriter, bytes: Uint8Array, count: number): number {
  const start = writer.offset;
  const compressed = snappyCompress(bytes);
  writePageHeader(writer, {
    type: "DICTIONARY_PAGE",
    uncompressed_page_size: bytes.length,
    compressed_page_size: compressed.length,
    dictionary_page_header: { num_values: count, encoding: "PLAIN" },
  });
  const header = writer.offset - start;
  writer.appendBytes(compressed);
  return header + bytes.length;
}
