//! `plan`: what would run.

use model::{ExitCode, Role};

use super::{print, print_json};
use crate::arguments::RunArguments;
use crate::job::Order;
use crate::rooms::wanted::Wanted;
use crate::shipped::Shelf;
use crate::{Failure, OrExit};

pub(super) fn run(arguments: &RunArguments, shelf: &Shelf) -> Result<ExitCode, Failure> {
    let wanted = Wanted::read(arguments, shelf).or_usage()?;
    let plan = Order::read(wanted, shelf)?.plan;
    if arguments.json {
        return print_json(&plan);
    }
    let mut text = String::new();
    for cell in &plan.cells {
        let role = match cell.role {
            Role::Subject => "subject",
            Role::Control => "control",
        };
        let applicable = cell
            .checks
            .iter()
            .filter(|check| check.inapplicable.is_none())
            .count();
        let how = if cell.needs_session { "runs" } else { "static" };
        text += &format!(
            "{:<48} {role}  {how:<6}  {applicable} checks, margin {:.0} %\n",
            cell.id.as_str(),
            cell.margin * 100.0
        );
    }
    for left_out in &plan.not_selected {
        text += &format!("not selected: {}: {}\n", left_out.what, left_out.why);
    }
    for own in &plan.own {
        text += &format!("yours: {} {}\n", own.path, own.digest);
    }
    text += &format!("profile {}, plan {}", plan.profile.name, plan.digest());
    print(&text)
}
