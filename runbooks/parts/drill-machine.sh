# A machine for drills: a real SSH server on $PORT, known as `machine`, and supervisord with what $DRILL/services.conf says.
# Sourced by the `start` of a drill, in its folder. What it starts ends with the drill.
umask 077
mkdir -p "$DRILL/.ssh" "$DRILL/bin"
ssh-keygen -q -t ed25519 -N '' -f "$DRILL/.ssh/id" </dev/null
ssh-keygen -q -t ed25519 -N '' -f "$DRILL/host" </dev/null
cp "$DRILL/.ssh/id.pub" "$DRILL/authorized_keys"
cat >"$DRILL/sshd_config" <<END
ListenAddress 127.0.0.1:$PORT
HostKey $DRILL/host
PidFile $DRILL/sshd.pid
AuthorizedKeysFile $DRILL/authorized_keys
StrictModes no
UsePAM no
PermitRootLogin yes
SetEnv HOME=$DRILL PATH=$DRILL/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin DRILL=$DRILL
END
cat >"$DRILL/.ssh/config" <<END
Host machine
  HostName 127.0.0.1
  Port $PORT
  User $(id -un)
  IdentityFile $DRILL/.ssh/id
  UserKnownHostsFile $DRILL/.ssh/known_hosts
END
echo "[127.0.0.1]:$PORT $(cut -d ' ' -f 1,2 "$DRILL/host.pub")" >"$DRILL/.ssh/known_hosts"
[ -d /run/sshd ] || mkdir -p /run/sshd
/usr/sbin/sshd -D -f "$DRILL/sshd_config" -E "$DRILL/sshd.log" &
if [ -e "$DRILL/services.conf" ]; then
    cat >"$DRILL/supervisord.conf" <<END
[unix_http_server]
file=$DRILL/supervisor.sock
[supervisord]
logfile=$DRILL/supervisord.log
pidfile=$DRILL/supervisord.pid
nodaemon=true
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://$DRILL/supervisor.sock
END
    cat "$DRILL/services.conf" >>"$DRILL/supervisord.conf"
    printf '#!/bin/sh\nexec /usr/bin/supervisorctl -c %s/supervisord.conf "$@"\n' "$DRILL" >"$DRILL/bin/supervisorctl"
    chmod 755 "$DRILL/bin/supervisorctl"
    /usr/bin/supervisord -c "$DRILL/supervisord.conf" >/dev/null 2>&1 &
fi
