#!/bin/busybox sh
# The guest's init: makes a writable copy of the host's file tree (an overlay on memory), mounts what a Linux system has,
# runs the script, writes its exit status to /out/.status and powers off. Runs in the initramfs of initramfs.mjs.
/bin/busybox --install -s /bin
export PATH=/bin

# These lines are read from the console on the host: see vm.mjs.
say() { echo "init: $*"; }
give_up() { say "cannot go on: $*"; sync; poweroff -f; }

mkdir -p /proc /sys /dev /share /upper /host
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
read -r booted _ < /proc/uptime

load() {
  while read -r module; do
    insmod "/modules/$module" 2> /insmod.err || say "module $module not loaded: $(cat /insmod.err)"
  done < "$1"
}
load /modules/first.list

plan9=trans=virtio,version=9p2000.L,msize=131072
mount -t 9p -o "ro,$plan9,cache=loose" host /share || give_up "no share of the host's files"
mount -t tmpfs -o mode=755,size=75% tmpfs /upper
mkdir /upper/changes /upper/work
mount -t overlay -o lowerdir=/share,upperdir=/upper/changes,workdir=/upper/work overlay /host || give_up "no overlay"

cd /host
mkdir -p proc sys dev run out tmp
mount -t 9p -o "rw,$plan9,cache=mmap" out out || give_up "no share of the output folder"
. /host/out/.vm/settings

mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t devtmpfs devtmpfs dev
mkdir -p dev/pts dev/shm
mount -t devpts devpts dev/pts
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
mkdir -p run/lock run/netns
chmod 1777 tmp run/lock dev/shm
ln -sf /proc/self/fd dev/fd
mount -t tracefs tracefs sys/kernel/tracing
mount -t debugfs debugfs sys/kernel/debug
mount -t bpf bpf sys/fs/bpf
mount -t cgroup2 cgroup2 sys/fs/cgroup
# The kernel was booted with one CPU: see vm.mjs.
for cpu in sys/devices/system/cpu/cpu[1-9]*/online; do echo 1 > $cpu || say "$cpu stays offline"; done
ip link set lo up
hostname vm

# What the kernel asks for on demand is loaded by the host's modprobe from this kernel's modules.
mkdir -p "lib/modules/$RELEASE"
mount -o bind "/share$MODULES" "lib/modules/$RELEASE" || say "no /lib/modules: modprobe will not work"
printf '#!/bin/sh\nexec chroot /host /sbin/modprobe "$@"\n' > /bin/on-demand
chmod +x /bin/on-demand
echo /bin/on-demand > /proc/sys/kernel/modprobe

load /modules/wanted.list
while read -r line; do say "$line"; done < /modules/absent.list
read -r ready _ < /proc/uptime
say "kernel up after $booted s, ready after $ready s: $(uname -r)"

# A program left behind by the script may keep a pipe open, so nothing waits for the tees to end by themselves.
mkfifo /stdout /stderr
tee /host/out/stdout.txt < /stdout &
tee_out=$!
tee /host/out/stderr.txt < /stderr &
tee_err=$!
chroot /host /bin/bash /out/.vm/run > /stdout 2> /stderr < /dev/null
status=$?
n=0
while kill -0 $tee_out 2> /dev/null || kill -0 $tee_err 2> /dev/null; do
  n=$((n + 1))
  [ $n -gt 40 ] && break
  usleep 50000
done
sync
echo $status > /host/out/.status
read -r ended _ < /proc/uptime
say "script ended with status $status after $ended s"
sync
poweroff -f
