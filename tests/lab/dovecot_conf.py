"""The configuration of the tests' Dovecot: one file, no root, nothing outside its folder."""

from pathlib import Path

from tests.lab.process import server_group, server_user
from tests.lab.tls import Certificate

# What 2.3.19 announces after login with the plugins below: `imap_capability` can only name what to keep.
_CAPABILITIES = """
IMAP4rev1 SASL-IR LOGIN-REFERRALS ID ENABLE IDLE SORT SORT=DISPLAY THREAD=REFERENCES THREAD=REFS THREAD=ORDEREDSUBJECT
MULTIAPPEND URL-PARTIAL CATENATE UNSELECT CHILDREN NAMESPACE UIDPLUS LIST-EXTENDED I18NLEVEL=1 CONDSTORE QRESYNC ESEARCH
ESORT SEARCHRES WITHIN CONTEXT=SEARCH LIST-STATUS BINARY MOVE SNIPPET=FUZZY PREVIEW=FUZZY PREVIEW STATUS=SIZE SAVEDATE
LITERAL+ NOTIFY SPECIAL-USE COMPRESS=DEFLATE QUOTA ACL RIGHTS=texk
"""

_TEMPLATE = """\
base_dir = {directory}/run
state_dir = {directory}/run
log_path = {directory}/dovecot.log
instance_name = t{port}
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
ssl = yes
ssl_cert = <{certificate.cert}
ssl_key = <{certificate.key}
disable_plaintext_auth = no
auth_mechanisms = plain login{bearer}
auth_failure_delay = 0
auth_cache_size = 0
mail_location = maildir:%h/Maildir
mailbox_list_index = yes
mail_fsync = never
mail_max_userip_connections = 1000
mail_plugins = quota acl notify
imap_idle_notify_interval = 2 mins
maildir_very_dirty_syncs = no
{capability}
passdb {{
  driver = passwd-file
  args = {directory}/refused
  deny = yes
}}
{oauth2}
passdb {{
  driver = static
  mechanisms = plain login
  args = password=pass
}}
userdb {{
  driver = passwd-file
  args = {directory}/users
  default_fields = uid={user} gid={group} home={directory}/mail/%u
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={directory}/mail/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Trash {{
    auto = subscribe
    special_use = \\Trash
  }}
  mailbox Junk {{
    auto = subscribe
    special_use = \\Junk
  }}
  mailbox Archive {{
    auto = subscribe
    special_use = \\Archive
  }}
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
}}
plugin {{
  quota = count:User quota
  quota_vsizes = yes
  quota_grace = 0
  acl = vfile
}}
protocol imap {{
  mail_plugins = quota acl notify imap_quota imap_acl imap_zlib
}}
protocol lmtp {{
  postmaster_address = postmaster@localhost
}}
# without root: no chroot, no privileged sockets
service anvil {{
  chroot =
{penalty}
}}
service doveadm {{
  chroot =
}}
# A process serves one session after another: a new one for each login takes six times as long.
service imap-login {{
  chroot =
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap {{
  service_count = 200
  process_limit = 1024
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service stats {{
  chroot =
}}
"""

_NO_PENALTY = "  unix_listener anvil-auth-penalty {\n    mode = 0\n  }"

_OAUTH2 = """\
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {directory}/oauth2.conf.ext
}}"""

_INTROSPECTION = """\
introspection_mode = post
introspection_url = {url}
username_attribute = username
active_attribute = active
active_value = true
"""


def introspection(directory: Path, url: str) -> None:
    """What the passdb of OAuth2 reads (RFC 7662)."""
    (directory / "oauth2.conf.ext").write_text(_INTROSPECTION.format(url=url))


def configuration(
    directory: Path, port: int, certificate: Certificate, *, hide: frozenset[str], penalty: bool, oauth2: bool = False
) -> str:
    """dovecot.conf with IMAP on `port`, IMAPS on the next and LMTP on the one after."""
    kept = " ".join(word for word in _CAPABILITIES.split() if word not in hide)
    return _TEMPLATE.format(
        directory=directory,
        user=server_user().pw_name,
        group=server_group(),
        port=port,
        tls_port=port + 1,
        lmtp_port=port + 2,
        certificate=certificate,
        capability=f"imap_capability = {kept}" if hide else "",
        penalty="" if penalty else _NO_PENALTY,
        bearer=" xoauth2 oauthbearer" if oauth2 else "",
        oauth2=_OAUTH2.format(directory=directory) if oauth2 else "",
    )
