// Counters as /proc/net/snmp and /proc/net/netstat have them: a line of names and, below it, one of values.

/** @returns NaN if there is no such counter */
export function counter(text: string, group: string, name: string): number {
  const [names = [], values = []] = text
    .split("\n")
    .filter((line) => line.startsWith(`${group}: `))
    .map((line) => line.split(" "));
  return Number(values[names.indexOf(name)]);
}

/** The names of all counters, as nstat has them: the group's and its own. */
export function counterNames(text: string): string[] {
  return text
    .split("\n")
    .filter((_, i) => i % 2 === 0)
    .flatMap((line) => {
      const [group = "", ...names] = line.split(/:? /);
      return names.map((name) => group + name);
    });
}
