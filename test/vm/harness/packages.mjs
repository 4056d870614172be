// The Debian packages that the virtual machine harness and the scripts it runs need on the host.

/**
 * What to `apt-get install`. The guest runs the host's own programs, so tools used inside it are listed too.
 * @type {readonly string[]}
 */
export const VM_PACKAGES = Object.freeze([
  "qemu-system-x86",
  "busybox-static",
  "cpio",
  "kmod",
  "xz-utils",
  "zstd",
  "debian-archive-keyring",
  "iproute2",
  "iptables",
  "iputils-ping",
  "bpftrace",
  "ethtool",
]);
