//! What a registry asks for before it answers: `WWW-Authenticate` (RFC 9110, section 11.6.1).

/// One way to identify oneself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password.
    Basic,
    /// A token from somewhere.
    Bearer {
        /// Where tokens are given out.
        realm: String,
        /// Who they are for.
        service: Option<String>,
        /// What they must allow.
        scope: Option<String>,
    },
}

/// The challenge to answer among those of the header values: a token where one is asked for.
pub(crate) fn choose<'v>(values: impl Iterator<Item = &'v str>) -> Option<Challenge> {
    let mut all: Vec<Challenge> = values.flat_map(parse).collect();
    all.sort_by_key(|challenge| matches!(challenge, Challenge::Basic));
    all.into_iter().next()
}

/// Every challenge of one header value that is known here.
fn parse(value: &str) -> Vec<Challenge> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c == ',' || c.is_whitespace());
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        let after = after.trim_start();
        if let Some(text) = after.strip_prefix('=') {
            let (text, left) = value_of(text.trim_start());
            if let Some((_, parameters)) = found.last_mut() {
                parameters.push((word.to_ascii_lowercase(), text));
            }
            rest = left;
        } else {
            if !word.is_empty() {
                found.push((word.to_ascii_lowercase(), Vec::new()));
            }
            rest = after;
        }
        rest = rest.trim_start_matches(|c: char| c == ',' || c.is_whitespace());
    }
    found.into_iter().filter_map(known).collect()
}

/// A token or a quoted string, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|c: char| c == ',' || c.is_whitespace());
        let (value, rest) = text.split_at(end.unwrap_or(text.len()));
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

fn known((scheme, parameters): (String, Vec<(String, String)>)) -> Option<Challenge> {
    let of = |name: &str| {
        let mut all = parameters.iter();
        all.find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    match scheme.as_str() {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer {
            realm: of("realm")?,
            service: of("service"),
            scope: of("scope"),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scope: scope.map(str::to_owned),
        }
    }

    #[test]
    fn what_registries_send_is_read() {
        let realm = "https://auth.example/token";
        for (value, wanted) in [
            ("Basic realm=\"x, y\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                "Bearer realm=\"https://auth.example/token\",service=\"reg.example\",\
                 scope=\"repository:a/b:pull,push\"",
                Some(bearer(
                    realm,
                    Some("reg.example"),
                    Some("repository:a/b:pull,push"),
                )),
            ),
            (
                "Basic realm=x, Bearer realm = \"https://auth.example/token\" , error=\"a\\\"b\"",
                Some(bearer(realm, None, None)),
            ),
            ("Bearer service=\"no realm\"", None),
            ("Negotiate", None),
            ("", None),
            ("=,,=\"", None),
        ] {
            assert_eq!(choose(std::iter::once(value)), wanted, "{value}");
        }
        let both = ["Basic realm=x", "Bearer realm=y"];
        assert_eq!(choose(both.into_iter()), Some(bearer("y", None, None)));
    }
}
