//! Macros that run one text of a query on both databases.

/// Runs one diesel query on an [`crate::Access`]: `query!(access, |c|
/// rooms::table.load::<Row>(c))`. The body is type-checked once per backend; it evaluates to
/// diesel's `QueryResult`.
#[macro_export]
macro_rules! query {
    ($access:expr, |$c:ident| $body:expr) => {
        match $crate::Access::connection($access) {
            $crate::Connection::Sqlite($c) => {
                use $crate::reexport::diesel::RunQueryDsl as _;
                $body
            }
            $crate::Connection::Postgres($c) => {
                use $crate::reexport::diesel_async::RunQueryDsl as _;
                $body.await
            }
        }
    };
}

/// Runs one diesel statement that writes; takes only a [`crate::Writer`].
#[macro_export]
macro_rules! statement {
    ($writer:expr, |$c:ident| $body:expr) => {
        match $crate::Writer::writable($writer) {
            $crate::Connection::Sqlite($c) => {
                use $crate::reexport::diesel::RunQueryDsl as _;
                $body
            }
            $crate::Connection::Postgres($c) => {
                use $crate::reexport::diesel_async::RunQueryDsl as _;
                $body.await
            }
        }
    };
}
