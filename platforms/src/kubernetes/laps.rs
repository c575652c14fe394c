//! A lap: one pod with a container of every arm, whose entrypoints start in turn.

use std::time::Duration;

use engine::{InTurn, LapError, Residue, SessionError, StartRequest};
use kube::ResourceExt;

use super::session::{Image, PodSession};
use super::wanted::{self, Place};
use super::{events, names, removal, starting, state, timing};
use crate::unready::Unready;

/// The images of a lap and how their containers are named.
struct Lap<'a> {
    session: &'a PodSession,
    pod: String,
    images: Vec<Image>,
    places: Vec<String>,
    ready_within: Duration,
}

/// Runs a lap and removes its pod.
pub(super) async fn run(
    session: &PodSession,
    requests: &[StartRequest],
) -> Result<Vec<InTurn>, LapError> {
    let at = |place: usize| {
        move |error: SessionError| LapError {
            place,
            error: error.into(),
        }
    };
    let Some(first) = requests.first() else {
        return Ok(Vec::new());
    };
    let mut images = Vec::new();
    for (place, request) in requests.iter().enumerate() {
        let attempted = format!("start {} in turn", request.name);
        let image = session.delivered(&attempted, &request.image).await;
        images.push(image.map_err(at(place))?);
    }
    let lap = Lap {
        session,
        pod: session.pod_name(&first.name),
        images,
        places: (0..requests.len()).map(names::place).collect(),
        ready_within: first.ready_within,
    };
    session.alive.note(&lap.pod);
    let stop = session.request.stop.clone();
    let reached = tokio::select! {
        reached = lap.reach() => reached,
        () = stop.cancelled() => Err((0, Unready::ours("interrupted"))),
    };
    let ended = lap.end(reached, requests).await;
    session.alive.forget(&lap.pod);
    ended
}

impl Lap<'_> {
    /// Creates the pod, waits for all starts, and reads when what happened.
    async fn reach(&self) -> Result<Vec<InTurn>, (usize, Unready)> {
        let (session, pod, places) = (self.session, &self.pod, &self.places);
        let mut wishes = Vec::new();
        for (number, image) in self.images.iter().enumerate() {
            let wish = self.wish(number, image).map_err(|why| (number, why))?;
            wishes.push(Place {
                image: &image.reference,
                recipe: &image.delivered.recipe,
                wish,
            });
        }
        let first = |why: Unready| (0, why);
        let wanted = wanted::lap(&session.ground, pod, &wishes);
        let wanted = wanted.map_err(|error| first(Unready::ours(error)))?;
        let created = starting::create(session, &wanted).await.map_err(first)?;
        let placed = starting::placed(session, pod, places).await;
        placed.map_err(first)?;
        let repeated = timing::repeated(session, pod, places, self.ready_within).await?;
        for (number, (place, image)) in places.iter().zip(&self.images).enumerate() {
            let identified = starting::identified(session, pod, place, image).await;
            identified.map_err(|why| (number, why))?;
        }
        let uid = created.uid().unwrap_or_default();
        let told = events::times(session.clock, &session.events, (pod, &uid), places).await;
        let told = told.unwrap_or_else(|why| vec![Err(why); places.len()]);
        let timed = told.into_iter().zip(&repeated);
        let timed = timed.map(|(kubelet, repeated)| timing::timed(kubelet, repeated));
        let seen = session.pods.get(pod);
        let timed = timed.zip(places).zip(&self.images);
        Ok(timed
            .map(|((timed, place), image)| {
                let impostor = match &seen {
                    None => Some("the pod is gone".to_owned()),
                    Some(pod) => {
                        let digests = &image.reference.digests;
                        state::impostor(pod, place, &session.ground.node, digests)
                    }
                };
                let rejected = timed.rejected.or(impostor);
                InTurn { rejected, ..timed }
            })
            .collect())
    }

    fn wish(&self, number: usize, image: &Image) -> Result<String, Unready> {
        let question = starting::question(&image.delivered.recipe.readiness)?;
        let places = self.places.len();
        let wish = timing::wish(question, self.ready_within, number, places);
        wish.map_err(Unready::ours)
    }

    /// Removes the pod, and says whose doing it was that nothing came of it.
    async fn end(
        &self,
        reached: Result<Vec<InTurn>, (usize, Unready)>,
        requests: &[StartRequest],
    ) -> Result<Vec<InTurn>, LapError> {
        let session = self.session;
        let output = match &reached {
            Err((place, _)) => {
                starting::output(&session.api, &self.pod, &names::place(*place)).await
            }
            Ok(_) => String::new(),
        };
        let grace = Some(removal::SHORTEST_GRACE_S);
        let (api, pods) = (&session.api, &session.pods);
        let removed = removal::remove(session.clock, api, pods, &self.pod, grace).await;
        let (place, why) = match reached {
            Ok(timed) => {
                let error = |error: SessionError| LapError {
                    place: 0,
                    error: error.into(),
                };
                return removed.map(|()| timed).map_err(error);
            }
            Err(failed) => failed,
        };
        let residue = match (removed, &why) {
            (Ok(()), _) => Residue::Nothing,
            (Err(error), Unready::Ours(..)) => error.residue,
            // An image is blamed only when nothing of the pod can disturb what follows.
            (Err(error), _) => {
                let error = error.into();
                return Err(LapError { place, error });
            }
        };
        let request = &requests[place.min(requests.len() - 1)];
        let error = why.told(request, &session.request.stop, output, residue);
        Err(LapError { place, error })
    }
}
