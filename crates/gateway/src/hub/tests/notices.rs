use super::stage::Stage;
use sessions::api::StoreReachable;

#[tokio::test]
async fn everyone_hears_once_that_the_store_is_lost_and_once_that_it_is_back() {
    let mut stage = Stage::new().await;
    let mut ann = stage.member("ann", "x", 5).await;
    stage.send(StoreReachable(true)).await;
    assert!(ann.take().is_empty(), "nothing has changed");
    for reachable in [false, false, true, true] {
        stage.send(StoreReachable(reachable)).await;
    }
    let told = ann.take();
    let names: Vec<_> = told.iter().map(|push| &push["d"]["name"]).collect();
    assert_eq!(names, ["storage_unavailable", "storage_available"]);
    assert!(told.iter().all(|push| push["ev"] == "notice"));
}
