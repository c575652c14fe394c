//! How much of an application is looked at.

/// Bounds on what is read; passing one is an error that names it, never a shorter answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most files and folders of an application.
    pub entries: usize,
    /// How deep its folders may nest.
    pub depth: usize,
    /// Most bytes of one file that is read.
    pub file_bytes: u64,
    /// Most bytes of one member of a jar.
    pub member_bytes: u64,
    /// Most members of a jar.
    pub members: usize,
    /// Most bytes that all members of one jar unpack to.
    pub jar_bytes: u64,
    /// How deep jars may lie in jars.
    pub nested_jars: usize,
    /// Most needs that are followed.
    pub needs: usize,
    /// Most packages that are opened.
    pub packages: usize,
    /// Most bytes of opened packages, unpacked.
    pub package_bytes: u64,
    /// How deep blocks of a Python source may nest.
    pub blocks: usize,
}

impl Limits {
    /// Above what real applications have.
    pub const STANDARD: Self = Self {
        entries: 500_000,
        depth: 64,
        file_bytes: 1 << 30,
        member_bytes: 256 << 20,
        members: 200_000,
        jar_bytes: 4 << 30,
        nested_jars: 4,
        needs: 1_000_000,
        packages: 1_000,
        package_bytes: 4 << 30,
        blocks: 200,
    };
}
