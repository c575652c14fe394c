//! What a daemon says of one container.

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::ContainerInspectResponse;
use engine::clock::Clock;

/// How often, and how far apart, a container is asked for that is between two states.
const TRIES: u32 = 60;
const PAUSE: Duration = Duration::from_millis(50);

/// Looks at a container. Podman calls one `stopped` from its end until it is cleaned up, a word that
/// the interface does not have; such an answer is waited for to pass.
pub(super) async fn inspect(client: &Docker, id: &str) -> Result<ContainerInspectResponse, Error> {
    let clock = Clock::system();
    for _ in 1..TRIES {
        match client.inspect_container(id, None).await {
            Err(error) if is_between(&error.to_string()) => clock.sleep(PAUSE).await,
            other => return other,
        }
    }
    client.inspect_container(id, None).await
}

fn is_between(said: &str) -> bool {
    said.contains("unknown variant `stopped`")
}

#[cfg(test)]
mod tests {
    use super::is_between;

    #[test]
    fn only_the_word_between_two_states_is_waited_for() {
        let podmans = "Failed to deserialize JSON: unknown variant `stopped`, expected one of ``, \
                       `created` at line 1 column 209";
        assert!(is_between(podmans));
        assert!(!is_between(
            "Failed to deserialize JSON: unknown variant `asleep`"
        ));
        assert!(!is_between("404: no such container"));
    }
}
