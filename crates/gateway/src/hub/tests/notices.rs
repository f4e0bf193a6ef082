use super::stage::Stage;
use sessions::api::StoreReachable;

#[tokio::test]
async fn everyone_is_notified_once_of_a_lost_store_and_once_of_its_return() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    stage.send(StoreReachable(true));
    assert!(ann.take().is_empty(), "nothing has changed");
    for reachable in [false, false, true, true] {
        stage.send(StoreReachable(reachable));
    }
    let pushes = ann.take();
    let names: Vec<_> = pushes.iter().map(|push| &push["d"]["name"]).collect();
    assert_eq!(names, ["storage_unavailable", "storage_available"]);
    assert!(pushes.iter().all(|push| push["ev"] == "notice"));
}
