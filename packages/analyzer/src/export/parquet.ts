// Parquet: row groups written as they fill. Pages are encoded here, as the blocks' columns need no rows in between; the
// file around them, headers and footer, is hyparquet-writer's.
// https://parquet.apache.org/docs/file-format/
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { ParquetWriter } from "hyparquet-writer/src/parquet-writer.js";

import type { TableName } from "../tables/schema.js";
import { COLLECTING } from "./collecting.js";
import { collectingWriter } from "./collecting-writer.js";
import type { Encoder } from "./encoder.js";
import { writeColumnChunk } from "./parquet/column-chunk.js";
import { parquetSchema } from "./parquet/schema.js";
import { RowBuffer, storedColumns, type TakenRows } from "./row-buffer.js";
import type { ByteSink, TableWriter } from "./writer.js";

/** Writes a table as Parquet. Rows are held until there are enough for a row group. */
export function parquetWriter(
  table: TableName,
  sink: ByteSink,
  { rowGroupRows = COLLECTING.parquet.rows }: { readonly rowGroupRows?: number } = {},
): TableWriter {
  return collectingWriter(table, sink, parquetEncoder(table), { ...COLLECTING.parquet, rows: rowGroupRows });
}

/** Encodes the rows that it is given as a row group each. */
export function parquetEncoder(table: TableName): Encoder {
  const stored = storedColumns(table);
  const schema = parquetSchema(table, stored);
  const writer = new ByteWriter();
  const file = new ParquetWriter({ writer, schema, createdBy: "skbtracer" });

  const written = (): Uint8Array<ArrayBuffer> => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return bytes;
  };

  const writeRowGroup = ({ columns, length }: TakenRows): void => {
    const start = writer.offset;
    const chunks = stored.map((column, at) => {
      const taken = columns[at];
      if (!taken) throw new TypeError(`rows of ${table} lack the column ${column.name}`);
      return writeColumnChunk(writer, schema[at + 1] ?? column, { ...column, ...taken }, length);
    });
    file.row_groups.push({
      columns: chunks,
      num_rows: BigInt(length),
      total_byte_size: chunks.reduce(
        (sum, chunk) => sum + (chunk.meta_data?.total_uncompressed_size ?? 0n),
        0n,
      ),
      total_compressed_size: BigInt(writer.offset - start),
    });
    file.num_rows += BigInt(length);
  };

  return {
    encode(rows) {
      writeRowGroup(rows);
      return written();
    },
    end() {
      // hyparquet-writer's footer without row groups has a list of bytes in their place, which strict readers refuse.
      if (file.row_groups.length === 0) writeRowGroup(new RowBuffer(table).take(() => false));
      const finished = file.finish();
      return finished ? finished.then(written) : written();
    },
  };
}
