//! Which module of the JDK a package belongs to.

/// Package, or start of a package's name where a `*` ends it, and the module. The first that fits
/// counts. Source: the list of modules in the documentation of Java SE 21 and of the JDK.
const MODULES: &[(&str, &str)] = &[
    ("java.applet", "java.desktop"),
    ("java.awt*", "java.desktop"),
    ("java.beans*", "java.desktop"),
    ("java.lang.instrument", "java.instrument"),
    ("java.lang.management", "java.management"),
    ("java.net.http", "java.net.http"),
    ("java.rmi*", "java.rmi"),
    ("java.sql", "java.sql"),
    ("java.util.logging", "java.logging"),
    ("java.util.prefs", "java.prefs"),
    ("java.*", "java.base"),
    ("javax.accessibility", "java.desktop"),
    ("javax.annotation.processing", "java.compiler"),
    ("javax.crypto*", "java.base"),
    ("javax.imageio*", "java.desktop"),
    ("javax.lang.model*", "java.compiler"),
    ("javax.management.remote.rmi", "java.management.rmi"),
    ("javax.management*", "java.management"),
    ("javax.naming*", "java.naming"),
    ("javax.net*", "java.base"),
    ("javax.print*", "java.desktop"),
    ("javax.rmi.ssl", "java.rmi"),
    ("javax.script", "java.scripting"),
    ("javax.security.auth.kerberos", "java.security.jgss"),
    ("javax.security.sasl", "java.security.sasl"),
    ("javax.security*", "java.base"),
    ("javax.smartcardio", "java.smartcardio"),
    ("javax.sound*", "java.desktop"),
    ("javax.sql.rowset*", "java.sql.rowset"),
    ("javax.sql", "java.sql"),
    ("javax.swing*", "java.desktop"),
    ("javax.tools", "java.compiler"),
    ("javax.transaction.xa", "java.transaction.xa"),
    ("javax.xml.crypto*", "java.xml.crypto"),
    ("javax.xml", "java.xml"),
    ("javax.xml.catalog", "java.xml"),
    ("javax.xml.datatype", "java.xml"),
    ("javax.xml.namespace", "java.xml"),
    ("javax.xml.parsers", "java.xml"),
    ("javax.xml.stream*", "java.xml"),
    ("javax.xml.transform*", "java.xml"),
    ("javax.xml.validation", "java.xml"),
    ("javax.xml.xpath", "java.xml"),
    ("org.ietf.jgss", "java.security.jgss"),
    ("org.w3c.dom*", "java.xml"),
    ("org.xml.sax*", "java.xml"),
    ("com.sun.management", "jdk.management"),
    ("com.sun.net.httpserver*", "jdk.httpserver"),
    ("com.sun.nio.sctp", "jdk.sctp"),
    ("com.sun.source*", "jdk.compiler"),
    ("com.sun.tools.javac*", "jdk.compiler"),
    ("com.sun.security.auth*", "jdk.security.auth"),
    ("com.sun.security.jgss", "jdk.security.jgss"),
    ("com.sun.jdi*", "jdk.jdi"),
    ("jdk.jfr*", "jdk.jfr"),
    ("jdk.net", "jdk.net"),
    ("sun.misc", "jdk.unsupported"),
    ("sun.reflect", "jdk.unsupported"),
    ("jdk.*", "jdk"),
    ("sun.*", "java.base"),
];

/// The module that has `package`; none if it is no package of the JDK.
pub(crate) fn module_of(package: &str) -> Option<&'static str> {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) if start.ends_with('.') => package.starts_with(start),
        Some(start) => package
            .strip_prefix(start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.')),
        None => package == pattern,
    };
    let found = MODULES.iter().find(|(pattern, _)| fits(pattern));
    found.map(|(_, module)| *module)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_have_modules() {
        for (package, module) in [
            ("java.lang", Some("java.base")),
            ("java.util.logging", Some("java.logging")),
            ("java.awt.image", Some("java.desktop")),
            ("java.awtful", Some("java.base")),
            ("javax.sql", Some("java.sql")),
            ("javax.servlet", None),
            ("javax.xml.bind", None),
            ("org.w3c.dom.ls", Some("java.xml")),
            ("com.sun.jna", None),
            ("org.slf4j", None),
            ("javafx.scene", None),
        ] {
            assert_eq!(module_of(package), module, "{package}");
        }
    }
}
