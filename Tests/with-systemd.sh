#!/bin/bash
# with-systemd.sh - boot a real systemd and run one command inside it.
#
# The tests of backfilld as a service need a systemd as PID 1, and neither a developer's container nor a CI
# runner has one. This boots one in new namespaces over the host's own root file system, runs the command,
# prints its output, tears everything down and exits with its exit status. It takes about half a second.
# On a host that runs systemd itself the tests go through this script all the same: they leave nothing behind.
#
#   Tests/with-systemd.sh [options] [--] COMMAND [ARG...]
#
#   --bind SRC[:DST]      bind-mount SRC of the host read-write at DST (default: same path)
#   --bind-ro SRC[:DST]   the same, read-only
#   --units DIR           copy DIR/*.{service,socket,timer,path,target,slice,mount} and DIR/*.d
#                         into /etc/systemd/system inside (the host's is not touched)
#   --private-net         own network namespace with only lo (default: the host's network,
#                         so that 127.0.0.1 is the host's 127.0.0.1)
#   --cgroup-v1           on a hybrid host, also hand over the cgroup v1 controllers, so that
#                         MemoryMax=, TasksMax=, CPUQuota= work (default: cgroup2 only)
#   --boot-timeout S      give up when systemd is not up after S seconds (default 30)
#   --keep-journal FILE   on the way out, write the whole journal to FILE (as journalctl -o json)
#   -v                    say what is being done, with times
#
# For example, the unit of this repository with a binary just built:
#
#   Tests/with-systemd.sh --bind-ro .build/debug/backfilld:/usr/bin/backfilld --units systemd -- \
#       bash -c 'systemctl start backfilld; systemctl status backfilld; journalctl -u backfilld'
#
# What it makes: new pid, mount, uts, ipc and cgroup namespaces (no user namespace: the
# command is root, so User=, DynamicUser= and every mount option work for real).
#   /            overlay: the host's root file system below, a tmpfs above. Nothing that
#                is written inside reaches the host, except below a --bind.
#   /run /tmp /dev/shm /var/log/journal   fresh tmpfs;  /dev  minimal;  /proc own;
#   /sys, /proc/sys   read-only
#   /sys/fs/cgroup   cgroup2, rooted at a child cgroup made for this run
# The host's own units are not started: only journald, tmpfiles and (on demand) dbus.
#
# What to know: /tmp and /run inside are new, so bind what lies there. A unit's programs must not lie below
# /root, which a unit's user cannot enter. The network is the host's unless --private-net: ports clash in
# parallel runs. `systemctl reload` with ExecReload=kill returns before the daemon has reloaded.
#
# Needs: root with CAP_SYS_ADMIN; Linux with overlayfs, and cgroup2 mounted somewhere (alone, or beside
# cgroup v1 at /sys/fs/cgroup/unified); the packages systemd and util-linux.
# Exit status: the command's; 125 when systemd could not be booted or the options are wrong.

set -u
me=${0##*/}
die() { printf '%s: %s\n' "$me" "$*" >&2; exit 125; }

# ---------------------------------------------------------------- second stage
# Runs as PID 1 of the new pid namespace, before systemd takes its place.
if [ "${1-}" = --inner ]; then
  set -e
  shift; D=$1 nonet=$2 units=$3 v1=$4; shift 4   # the rest: binds, "rw|ro SRC DST" in threes
  mount --make-rprivate /                          # nothing below propagates to the host
  mount -t tmpfs -o mode=755 with-systemd "$D"
  mkdir "$D/up" "$D/work" "$D/root"
  R=$D/root
  mount -t overlay overlay -o "lowerdir=/,upperdir=$D/up,workdir=$D/work" "$R"
  mount -t proc -o nosuid,nodev,noexec proc "$R/proc"
  mount --bind "$R/proc/sys" "$R/proc/sys"
  mount -o remount,bind,ro,nosuid,nodev,noexec "$R/proc/sys"
  if [ "$nonet" = 1 ]; then
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$R/sys"
    if command -v ip >/dev/null; then ip link set lo up
    else                                           # no iproute2: SIOCSIFFLAGS IFF_UP on lo
      perl -MSocket -e 'socket(my $s,AF_INET,SOCK_DGRAM,0)or die $!; ioctl($s,0x8914,pack("a16 s x22","lo",0x41))or die $!'
    fi
  else
    mount --bind /sys "$R/sys"
    mount -o remount,bind,ro,nosuid,nodev,noexec "$R/sys"
  fi
  if [ -z "$v1" ]; then mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$R/sys/fs/cgroup"
  else                                             # --cgroup-v1: systemd's "hybrid" layout
    mount -t tmpfs -o mode=755,nosuid,nodev,noexec cgroup "$R/sys/fs/cgroup"
    mkdir "$R/sys/fs/cgroup/unified"; mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$R/sys/fs/cgroup/unified"
    for c in $v1; do
      n=${c#name=}; mkdir "$R/sys/fs/cgroup/$n"
      mount -t cgroup -o "nosuid,nodev,noexec,$c" cgroup "$R/sys/fs/cgroup/$n"
    done
  fi
  # a minimal /dev: no block devices, no kmsg (journald must not eat the host's kernel log)
  mount -t tmpfs -o mode=755,nosuid dev "$R/dev"
  for n in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
    IFS=: read -r a b c <<<"$n"; mknod -m 666 "$R/dev/$a" c "$b" "$c"
  done
  mkdir "$R/dev/pts" "$R/dev/shm" "$R/dev/mqueue"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$R/dev/pts"
  mount -t tmpfs -o mode=1777,nosuid,nodev shm "$R/dev/shm"
  # not every kernel has message queues, and nothing here uses them
  mount -t mqueue mqueue "$R/dev/mqueue" 2>/dev/null || true
  ln -s pts/ptmx "$R/dev/ptmx"; ln -s /proc/self/fd "$R/dev/fd"
  ln -s /proc/self/fd/0 "$R/dev/stdin"; ln -s /proc/self/fd/1 "$R/dev/stdout"; ln -s /proc/self/fd/2 "$R/dev/stderr"
  ln -s null "$R/dev/console"
  mount -t tmpfs -o mode=755,nosuid,nodev run "$R/run"
  mount -t tmpfs -o mode=1777 tmp "$R/tmp"
  mkdir -p "$R/var/log/journal"; mount -t tmpfs -o mode=755 journal "$R/var/log/journal"
  mkdir -p "$R/run/lock" "$R/run/systemd"

  # shellcheck disable=SC2317  # called in the chroot below
  trim() {
  # Only what a test needs is to start. These changes land in the overlay only; made in a
  # chroot and before any --bind, so that nothing can lead them to the host's files.
  L=/lib/systemd
  [ "$(stat -f -c %T /)" = overlayfs ] || exit 1
  rm -rf /etc/systemd/system/*.wants /etc/systemd/system/*.requires \
         /etc/systemd/system-generators /usr/local/lib/systemd/system-generators \
         "$L"/system-generators/* "$L"/system/*.target.wants/* /usr/lib/binfmt.d
  mkdir -p /etc/systemd/system /etc/systemd/journald.conf.d /etc/systemd/system.conf.d
  echo with-systemd > /etc/hostname
  for u in systemd-udevd.service systemd-udevd-control.socket systemd-udevd-kernel.socket \
           systemd-journald-audit.socket systemd-logind.service systemd-networkd.service \
           systemd-resolved.service systemd-timesyncd.service systemd-modules-load.service \
           systemd-sysctl.service systemd-journal-flush.service systemd-hwdb-update.service \
           systemd-remount-fs.service dev-hugepages.mount sys-kernel-debug.mount \
           sys-kernel-tracing.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount \
           getty.target console-getty.service emergency.service rescue.service; do
    ln -sfn /dev/null "/etc/systemd/system/$u"
  done
  printf '[Journal]\nStorage=volatile\nAudit=\nReadKMsg=no\nForwardToSyslog=no\nForwardToWall=no\nRateLimitIntervalSec=0\n' \
    > "/etc/systemd/journald.conf.d/90-with-systemd.conf"
  printf '[Manager]\nDefaultTimeoutStopSec=20s\nLogLevel=info\n' > "/etc/systemd/system.conf.d/90-with-systemd.conf"
  cat > "/etc/systemd/system/with-systemd.target" <<'U'
[Unit]
Description=with-systemd.sh: up and ready
Requires=basic.target systemd-journald.service systemd-tmpfiles-setup.service
Wants=systemd-journald-dev-log.socket dbus.socket
After=basic.target systemd-journald.service systemd-tmpfiles-setup.service dbus.socket
AllowIsolate=yes
U
  # tmpfiles: create only. The packaged service also empties /tmp, where a --bind may lie.
  mkdir -p "/etc/systemd/system/systemd-tmpfiles-setup.service.d"
  printf '[Service]\nExecStart=\nExecStart=systemd-tmpfiles --create --boot --exclude-prefix=/dev\n' \
    > "/etc/systemd/system/systemd-tmpfiles-setup.service.d/90-with-systemd.conf"
  }
  export -f trim; chroot "$R" /bin/bash -ec trim; unset -f trim
  if [ -n "$units" ]; then
    for f in "$units"/*.{service,socket,timer,path,target,slice,mount} "$units"/*.d; do
      [ -e "$f" ] && cp -r "$f" "$R/etc/systemd/system/"
    done
  fi
  while [ $# -ge 3 ]; do                           # binds last: they may lie below /tmp or /run
    if [ -d "$2" ]; then mkdir -p "$R$3"; else mkdir -p "$R${3%/*}"; [ -e "$R$3" ] || : > "$R$3"; fi
    mount --rbind "$2" "$R$3"
    [ "$1" = rw ] || mount -o remount,bind,ro "$R$3"
    shift 3
  done

  cd "$R"; pivot_root . .; umount -l .; cd /
  mount --make-rshared /                           # as systemd itself does outside a container
  # Drop what could reach the host's kernel past the namespaces (nspawn does much the same).
  exec setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time,-syslog,-audit_control,-audit_read,-audit_write,-mac_admin,-mac_override,-wake_alarm,-block_suspend \
    env -i container=other PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    /lib/systemd/systemd --system --unit=with-systemd.target --show-status=no
fi

# ---------------------------------------------------------------- first stage
binds=() units='' nonet=0 usev1=0 bt=30 keepj='' v=0
while [ $# -gt 0 ]; do
  case $1 in
    --bind|--bind-ro)
      [ $# -ge 2 ] || die "$1 wants SRC[:DST]"
      m=rw; [ "$1" = --bind ] || m=ro
      s=$(realpath -e -- "${2%%:*}") || die "no such path: ${2%%:*}"
      d=$s; case $2 in *:*) d=${2#*:};; esac
      case ${d%/} in ''|/etc|/usr|/usr/lib|/lib|/var|/run|/tmp|/dev*|/proc*|/sys*|/etc/systemd*) die "cannot bind over $d";; /*) ;; *) die "DST must be absolute: $d";; esac
      binds+=("$m" "$s" "$d"); shift 2;;
    --units) units=$(realpath -e -- "$2") || die "no such folder: $2"; shift 2;;
    --private-net) nonet=1; shift;;
    --cgroup-v1) usev1=1; shift;;
    --boot-timeout) bt=$2; shift 2;;
    --keep-journal) keepj=$2; shift 2;;
    -v) v=1; shift;;
    --) shift; break;;
    -*) die "unknown option: $1";;
    *) break;;
  esac
done
[ $# -gt 0 ] || die "no command given"
[ "$(id -u)" = 0 ] || die "needs root"
for t in unshare nsenter setpriv pivot_root mount systemctl systemd-run; do
  command -v "$t" >/dev/null || die "missing program: $t"
done
[ -x /lib/systemd/systemd ] || die "package systemd is not installed"
now() { date +%s.%N; }
t0=$(now)
say() { [ $v = 0 ] || printf '%s: [%6.2f s] %s\n' "$me" "$(awk -v a="$t0" -v b="$(now)" 'BEGIN{print b-a}')" "$*" >&2; }

# the cgroup2 hierarchy: the whole of /sys/fs/cgroup, or .../unified on a hybrid host
cg2=$(awk '$3=="cgroup2"{print $2; exit}' /proc/mounts)
[ -n "$cg2" ] || die "no cgroup2 file system is mounted"
here=$(sed -n 's/^0:://p' /proc/self/cgroup)
# the cgroup v1 hierarchies, where asked for: "controller" and the folder of our own child in it
v1='' v1dirs=()
if [ $usev1 = 1 ]; then
  while IFS=: read -r _ c p; do
    [ -n "$c" ] || continue
    m=$(awk -v c="${c#name=}" '$3=="cgroup" && $2 ~ ("/" c "$"){print $2; exit}' /proc/mounts)
    [ -n "$m" ] || continue
    v1="$v1 $c"; v1dirs+=("$m${p%/}/with-systemd.$$")
  done </proc/self/cgroup
  v1=${v1# }
fi
# sweep what a killed earlier run left (empty cgroups only: rmdir cannot remove others)
# shellcheck disable=SC2068  # a glob, to be expanded
for old in "$cg2${here%/}"/with-systemd.* ${v1dirs[@]/%.$$/.*}; do
  [ -d "$old" ] || continue
  p=${old##*.}; [ -d "/proc/$p" ] || find "$old" -depth -type d -exec rmdir {} + 2>/dev/null
done
for old in /tmp/with-systemd.*.??????; do
  [ -O "$old" ] && [ -d "$old" ] || continue
  p=${old#/tmp/with-systemd.}; [ -d "/proc/${p%.*}" ] || { rm -f "$old/boot.log"; rmdir "$old" 2>/dev/null; }
done
cg=$cg2${here%/}/with-systemd.$$
D=$(mktemp -d /tmp/with-systemd.$$.XXXXXX) || die "mktemp failed"
mkdir "$cg" || { rmdir "$D"; die "cannot make a child cgroup under $cg2$here"; }
self=$(realpath -e -- "$0") up='' pid1='' cmd='' ns=()
for g in "${v1dirs[@]}"; do
  mkdir "$g" || { rmdir "$cg" "$D"; die "cannot make $g"; }
  [ ! -e "$g/cpuset.cpus" ] || { cat "${g%/*}/cpuset.cpus" >"$g/cpuset.cpus"; cat "${g%/*}/cpuset.mems" >"$g/cpuset.mems"; }
done

# shellcheck disable=SC2317  # called by a trap
cleanup() {
  trap - EXIT; trap '' INT TERM HUP
  if [ -n "$pid1" ] && [ -d "/proc/$pid1" ]; then
    [ -z "$keepj" ] || "${ns[@]}" journalctl --no-pager -q -o json > "$keepj" 2>/dev/null
    kill -KILL "$pid1" 2>/dev/null       # PID 1 of the namespace: the kernel kills all the rest
  fi
  [ -z "$cmd" ] || wait "$cmd" 2>/dev/null
  [ -z "$up" ] || { kill -KILL "$up" 2>/dev/null; wait "$up" 2>/dev/null; }
  local left=''
  for _ in $(seq 100); do                # rmdir works as soon as the last process is reaped
    left=$(find "$cg" "${v1dirs[@]}" -depth -type d ! -exec rmdir {} \; -print 2>/dev/null)
    [ -n "$left" ] || break; sleep 0.05
  done
  [ -z "$left" ] || echo "$me: left behind: $left" >&2
  rm -f "$D/boot.log" ; rmdir "$D" 2>/dev/null || echo "$me: left behind: $D" >&2
  say "torn down"
}
trap cleanup EXIT
trap 'exit 130' INT; trap 'exit 143' TERM; trap 'exit 129' HUP

# unshare(1) waits for the forked PID 1; --pdeathsig/--kill-child: if this script is
# killed outright, unshare dies, and with it the namespace's PID 1 and everything in it.
nn=(); [ $nonet = 0 ] || nn=(--net)
bash -c 'n=$1; shift; for g in "${@:1:n}"; do echo $$ > "$g/cgroup.procs" || exit; done; shift "$n"; exec "$@"' \
  _ $(( ${#v1dirs[@]} + 1 )) "$cg" "${v1dirs[@]}" \
  setpriv --pdeathsig KILL unshare --pid --mount --uts --ipc --cgroup "${nn[@]}" --fork --kill-child=KILL \
  bash "$self" --inner "$D" $nonet "$units" "$v1" "${binds[@]}" </dev/null >"$D/boot.log" 2>&1 &
up=$!

# wait for the boot
end=$(( SECONDS + bt )) ok=0
while [ $SECONDS -lt $end ] && kill -0 $up 2>/dev/null; do
  if [ -z "$pid1" ]; then                # unshare's one child, once it has become systemd
    c=$(tr -d ' ' <"/proc/$up/task/$up/children" 2>/dev/null)
    if [ -n "$c" ] && [ "$(cat "/proc/$c/comm" 2>/dev/null)" = systemd ]; then
      pid1=$c ns=(nsenter --target "$pid1" --pid --mount --uts --ipc --cgroup); [ $nonet = 0 ] || ns+=(--net)
    fi
  elif [ -S "/proc/$pid1/root/run/systemd/private" ]; then
    case $("${ns[@]}" systemctl is-active with-systemd.target 2>/dev/null) in active) ok=1; break;; failed) break;; esac
  fi
  sleep 0.05
done
if [ $ok = 0 ]; then
  echo "$me: systemd did not come up; its output, jobs and journal:" >&2
  cat "$D/boot.log" >&2
  [ -z "$pid1" ] || { "${ns[@]}" systemctl list-jobs --no-pager; "${ns[@]}" systemctl --failed --no-pager; "${ns[@]}" journalctl --no-pager -n 60; } >&2 2>/dev/null
  exit 125
fi
say "systemd is up (PID $pid1 outside)"

# The command runs as root in a scope of its own under this systemd (so that its cgroup is
# one systemd knows), with this script's stdin, stdout, stderr, environment and folder
# (folder: where it exists inside; else /). In the background and waited for, because bash
# would put off its TERM/INT traps until a foreground command ends; env undoes the ignored
# SIGINT that bash gives background commands.
"${ns[@]}" env --default-signal=INT,QUIT bash -c 'cd -- "$1" 2>/dev/null || cd /; shift; export SYSTEMD_PAGER=cat SYSTEMD_COLORS=0 container=other
  exec systemd-run --quiet --scope --unit=with-systemd-command -- "$@"' _ "$PWD" "$@" <&0 &
cmd=$!
wait $cmd; rc=$?
say "command ended: $rc"
exit $rc
