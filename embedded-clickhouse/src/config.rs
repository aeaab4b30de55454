//! The two configuration files that a server reads, as text. One form serves `clickhouse server` and the library:
//! each ignores what only the other knows. Pure.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::options::Options;
use crate::ports::Ports;

/// Where things stand inside a server's directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout<'a> {
    /// The server's directory, absolute.
    pub(crate) directory: &'a Path,
}

impl Layout<'_> {
    /// ClickHouse's own `--path`.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.directory.join("config.xml")
    }

    pub(crate) fn users(&self) -> PathBuf {
        self.directory.join("users.xml")
    }

    /// What the server process says; made anew at each start.
    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    /// Locked while a server or its guard lives.
    pub(crate) fn lock(&self) -> PathBuf {
        self.directory.join("lock")
    }

    /// The ports of the last start, so that the next one takes the same.
    pub(crate) fn ports(&self) -> PathBuf {
        self.directory.join("ports")
    }
}

/// `config.xml`. Only `clickhouse server` keeps users that SQL makes, below `<access_control_path>`.
pub(crate) fn server_xml(options: &Options, layout: &Layout<'_>, ports: Ports) -> String {
    let data = escape(&layout.data().to_string_lossy());
    let users = escape(&layout.users().to_string_lossy());
    let Ports { http, tcp } = ports;
    let mut xml = format!(
        "<clickhouse>
  <path>{data}/</path>
  <http_port>{http}</http_port>
  <tcp_port>{tcp}</tcp_port>
  <listen_host>127.0.0.1</listen_host>
  <users_config>{users}</users_config>
  <access_control_path>{data}/access/</access_control_path>
"
    );
    if let Some(bytes) = options.memory_limit_bytes {
        let _ = writeln!(xml, "  <max_server_memory_usage>{bytes}</max_server_memory_usage>");
    }
    if options.query_log {
        xml.push_str(
            "  <query_log>
    <database>system</database>
    <table>query_log</table>
    <flush_interval_milliseconds>1000</flush_interval_milliseconds>
  </query_log>
",
        );
    }
    let _ = writeln!(xml, "{}\n</clickhouse>", options.config_xml);
    xml
}

/// `users.xml`. Sleeping is unlimited, for tests slow a statement down with `sleepEachRow` to kill it half-way. What is
/// temporary need not survive the machine, so nobody waits for the disk when a table is made.
pub(crate) fn users_xml(options: &Options) -> String {
    let mut settings = String::from(
        "<function_sleep_max_microseconds_per_block>1000000000000</function_sleep_max_microseconds_per_block>",
    );
    if options.directory.is_none() {
        settings.push_str("\n    <fsync_metadata>0</fsync_metadata>");
    }
    for (name, value) in &options.settings {
        let _ = write!(settings, "\n    <{name}>{}</{name}>", escape(value));
    }
    format!(
        "<clickhouse>
  <profiles><default>
    {settings}
  </default></profiles>
  <quotas><default></default></quotas>
  <users>
    <default>
      <password></password>
      <networks><ip>127.0.0.1</ip><ip>::1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <access_management>1</access_management>
    </default>
    {}
  </users>
</clickhouse>
",
        options.users_xml
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(options: &Options) -> String {
        server_xml(options, &Layout { directory: Path::new("/a & b") }, Ports { http: 8123, tcp: 9000 })
    }

    #[test]
    fn paths_are_escaped_and_ports_written() {
        let xml = server(&Options::default());
        assert!(xml.contains("<path>/a &amp; b/data/</path>"), "{xml}");
        assert!(xml.contains("<http_port>8123</http_port>") && xml.contains("<tcp_port>9000</tcp_port>"), "{xml}");
        assert!(!xml.contains("query_log") && !xml.contains("max_server_memory_usage"), "{xml}");
    }

    #[test]
    fn options_add_elements() {
        let options = Options {
            query_log: true,
            memory_limit_bytes: Some(7),
            config_xml: "<macros/>".to_owned(),
            ..Options::default()
        };
        let xml = server(&options);
        for element in ["<table>query_log</table>", "<max_server_memory_usage>7<", "<macros/>"] {
            assert!(xml.contains(element), "{element} in {xml}");
        }
    }

    #[test]
    fn only_a_temporary_server_does_not_wait_for_the_disk() {
        let named = Options { directory: Some("/d".into()), ..Options::default() };
        assert!(users_xml(&Options::default()).contains("<fsync_metadata>0<"));
        assert!(!users_xml(&named).contains("fsync"));
    }

    #[test]
    fn settings_go_to_the_profile() {
        let settings = vec![("max_threads".to_owned(), "<1>".to_owned())];
        let options = Options { settings, users_xml: "<reader/>".to_owned(), ..Options::default() };
        let xml = users_xml(&options);
        assert!(xml.contains("<max_threads>&lt;1&gt;</max_threads>") && xml.contains("<reader/>"), "{xml}");
    }
}
