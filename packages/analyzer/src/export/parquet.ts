// Parquet: row groups written as they fill. Pages are encoded here, as the blocks' columns need no rows in between; the
// file around them, headers and footer, is hyparquet-writer's.
// https://parquet.apache.org/docs/file-format/
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { ParquetWriter } from "hyparquet-writer/src/parquet-writer.js";

import type { Block } from "../tables/block.js";
import type { TableName } from "../tables/schema.js";
import { writeColumnChunk } from "./parquet/column-chunk.js";
import { parquetSchema } from "./parquet/schema.js";
import { RowBuffer, TEXT_MAX } from "./row-buffer.js";
import { type ByteSink, expectTable, type TableWriter } from "./writer.js";

/** How the file is laid out. */
export interface ParquetOptions {
  /** Rows after which a row group is written. */
  readonly rowGroupRows?: number;
}

/** What DuckDB reads best. */
const ROW_GROUP_ROWS = 122_880;

/** Writes a table as Parquet. Rows are held until there are enough for a row group. */
export function parquetWriter(
  table: TableName,
  sink: ByteSink,
  { rowGroupRows = ROW_GROUP_ROWS }: ParquetOptions = {},
): TableWriter {
  const rows = new RowBuffer(table);
  const schema = parquetSchema(rows);
  const writer = new ByteWriter();
  const file = new ParquetWriter({ writer, schema, createdBy: "skbtracer" });

  const handOver = (): void | Promise<void> => {
    const bytes = writer.getBytes().slice();
    writer.index = 0;
    return sink.write(bytes);
  };

  const writeRowGroup = (): void => {
    const start = writer.offset;
    const columns = rows.columns.map((column, at) =>
      writeColumnChunk(writer, schema[at + 1] ?? { name: column.name }, column, rows.length),
    );
    file.row_groups.push({
      columns,
      num_rows: BigInt(rows.length),
      total_byte_size: columns.reduce(
        (sum, chunk) => sum + (chunk.meta_data?.total_uncompressed_size ?? 0n),
        0n,
      ),
      total_compressed_size: BigInt(writer.offset - start),
    });
    file.num_rows += BigInt(rows.length);
    rows.clear(() => false);
  };

  return {
    write(block: Block): void | Promise<void> {
      expectTable(block, table);
      rows.append(block);
      if (rows.length < rowGroupRows && rows.newText < TEXT_MAX) return;
      writeRowGroup();
      return handOver();
    },
    end(): void | Promise<void> {
      // hyparquet-writer's footer without row groups has a list of bytes in their place, which strict readers refuse.
      if (rows.length || file.row_groups.length === 0) writeRowGroup();
      const finished = file.finish();
      return finished ? finished.then(handOver) : handOver();
    },
  };
}
