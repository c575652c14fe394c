//! stub
pub(crate) fn hash(_: u32, _: u64) -> Result<probe::Tree, probe::Failure> {
    todo!()
}
