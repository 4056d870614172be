# Never ends.
echo still here
exec sleep 1000
