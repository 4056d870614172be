# Makes the kernel panic.
echo c > /proc/sysrq-trigger
sleep 60
