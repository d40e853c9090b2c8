# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# servers.sh: real servers in the namespaces of hosts, for the demonstration and the examples. Sourced in the test machine.

for u in opensmtpd:990 opensmtpq:991 www-data:33 dnsmasq:992 post:1000; do
  echo "${u%:*}:x:${u#*:}:${u#*:}::/var/empty:/bin/false" >> /etc/passwd; echo "${u%:*}:x:${u#*:}:" >> /etc/group
done
mkdir -p /var/lib/nginx /var/log/nginx /var/mail /var/spool/smtpd /root/mail /var/lib/opensmtpd/empty
chmod 711 /var/lib/opensmtpd/empty; [ -e /bin/sh ] || ln -s bash /bin/sh; [ -e /var/run ] || ln -s /run /var/run

web_server() { # HOST PORT LOCATION-BODY
  mkdir -p "/tmp/$1"
  cat > "/tmp/$1/nginx.conf" <<X
user root; worker_processes 1; pid /tmp/$1/pid; error_log /tmp/$1/error.log;
events { worker_connections 64; }
http { access_log /tmp/$1/access.log; client_body_temp_path /tmp/$1/b; proxy_temp_path /tmp/$1/p; fastcgi_temp_path /tmp/$1/f;
 uwsgi_temp_path /tmp/$1/u; scgi_temp_path /tmp/$1/s; server { listen $2; location / { $3 } } }
X
  on "$1" nginx -c "/tmp/$1/nginx.conf" || echo "demo: nginx on $1 does not start"
}
mail_server() { # HOST ACTION: a mail server with its own spool, in a mount namespace
  mkdir -p "/tmp/$1/spool" "/tmp/$1/run"
  cat > "/tmp/$1/smtpd.conf" <<X
smtp max-message-size 1M
listen on 0.0.0.0 hostname $1.example
action "a" $2
match from any for any action "a"
X
  on "$1" unshare -m bash -c "mount -t tmpfs t /var/spool/smtpd; chmod 711 /var/spool/smtpd; mount -t tmpfs r /run; mkdir -p /var/empty
    chmod 711 /var/spool/smtpd; exec smtpd -d -f /tmp/$1/smtpd.conf" > "/tmp/$1/log" 2>&1 &
}
