"""`MAILBOT_HTTP`: probes, metrics and a status page, all of them only to be read. Imported where it is asked for."""
