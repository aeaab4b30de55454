//! The server that the user already has: `CLICKHOUSE_URL`, taken apart into what a client needs. Pure.

use crate::error::Error;

/// Where the user's own server is and who we are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct External {
    /// Scheme, host and port, without user, password and path.
    pub(crate) url: String,
    /// `host:port` for a TCP connection; `None` with https, which we do not speak.
    pub(crate) address: Option<String>,
    pub(crate) user: String,
    pub(crate) password: String,
}

/// The values of the three variables, as far as they are set.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    pub(crate) url: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
}

impl Variables {
    pub(crate) fn from_environment() -> Self {
        let read = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        Self { url: read("CLICKHOUSE_URL"), user: read("CLICKHOUSE_USER"), password: read("CLICKHOUSE_PASSWORD") }
    }
}

impl External {
    /// `None` if `CLICKHOUSE_URL` is unset. The URL's user wins over `CLICKHOUSE_USER`, and so for the password.
    pub(crate) fn parse(variables: &Variables) -> Result<Option<Self>, Error> {
        let Some(url) = variables.url.as_deref() else { return Ok(None) };
        let invalid = |reason: &str| Error::InvalidUrl { reason: reason.to_owned() };
        let (scheme, rest) = url.split_once("://").ok_or_else(|| invalid("no scheme"))?;
        if scheme != "http" && scheme != "https" {
            return Err(invalid("the scheme is neither http nor https"));
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (credentials, host) = match authority.rsplit_once('@') {
            Some((credentials, host)) => (credentials, host),
            None => ("", authority),
        };
        if host.is_empty() {
            return Err(invalid("no host"));
        }
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));
        let choose = |from_url: &str, variable: &Option<String>, default: &str| {
            if from_url.is_empty() {
                return Ok(variable.clone().unwrap_or_else(|| default.to_owned()));
            }
            percent_decode(from_url).ok_or_else(|| invalid("a broken %-escape in user or password"))
        };
        Ok(Some(Self {
            url: format!("{scheme}://{host}"),
            address: (scheme == "http").then(|| with_port(host)),
            user: choose(user, &variables.user, "default")?,
            password: choose(password, &variables.password, "")?,
        }))
    }
}

/// ClickHouse's client crates and HTTP itself assume port 80 where none is given; so do we.
fn with_port(host: &str) -> String {
    let after_address = host.rsplit(']').next().unwrap_or_default();
    if after_address.contains(':') { host.to_owned() } else { format!("{host}:80") }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<External, Error> {
        let variables = Variables { url: Some(url.to_owned()), user: Some("env".to_owned()), password: None };
        External::parse(&variables).map(|external| external.expect("the URL is set"))
    }

    #[test]
    fn no_variable_means_no_external_server() {
        assert_eq!(External::parse(&Variables::default()).expect("nothing to misread"), None);
    }

    #[test]
    fn credentials_leave_the_url() {
        let external = parse("http://ann:p%40ss:x@db.example:8123/?x=1").expect("a good URL");
        assert_eq!(external.url, "http://db.example:8123");
        assert_eq!(external.address.as_deref(), Some("db.example:8123"));
        assert_eq!((external.user.as_str(), external.password.as_str()), ("ann", "p@ss:x"));
    }

    #[test]
    fn variables_fill_what_the_url_lacks() {
        let external = parse("http://[::1]/").expect("a good URL");
        assert_eq!(external.address.as_deref(), Some("[::1]:80"));
        assert_eq!((external.user.as_str(), external.password.as_str()), ("env", ""));
    }

    #[test]
    fn https_has_no_address_to_ping() {
        assert_eq!(parse("https://db.example:8443").expect("a good URL").address, None);
    }

    #[test]
    fn broken_urls_are_refused() {
        for url in ["db.example:8123", "tcp://db.example", "http://", "http://%zz@h"] {
            assert!(matches!(parse(url), Err(Error::InvalidUrl { .. })), "{url}");
        }
    }
}
