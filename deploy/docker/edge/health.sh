#!/bin/bash
# Asks nginx on this host for /livez; exit code 0 for an answer that is no error. There is no client of HTTP in the image.
set -euo pipefail
exec 3<>/dev/tcp/127.0.0.1/8080
printf 'GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r -t 4 _ status _ <&3
[[ $status == [23]?? ]]
