// Both ends of a packet as text.

/** Addresses and ports; null where there are none. */
export interface Flow {
  readonly source: string | null;
  readonly source_port: number | null;
  readonly destination: string | null;
  readonly destination_port: number | null;
}

/** `10.0.0.1:22 -> 10.0.0.2:5432`, with brackets where an IPv6 address has a port; "" without addresses. */
export function flowText({ source, source_port, destination, destination_port }: Flow): string {
  if (source === null && destination === null) return "";
  return `${endText(source, source_port)} -> ${endText(destination, destination_port)}`;
}

function endText(address: string | null, port: number | null): string {
  const text = address ?? "?";
  if (port === null) return text;
  return text.includes(":") ? `[${text}]:${port}` : `${text}:${port}`;
}
