//! Access to a database beside storage, to look at it or to disturb it.

use crate::backend::{postgres, sqlite};
use crate::{DatabaseConfig, Url};
use diesel::connection::SimpleConnection;
use diesel::query_builder::SqlQuery;
use diesel::sql_types::Text;
use diesel::{QueryableByName, SqliteConnection, sql_query};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// A connection of a test's own.
pub(super) enum Sql {
    File(Box<SqliteConnection>),
    Server(Box<AsyncPgConnection>),
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

impl Sql {
    /// Connects to a database, in the schema that it has.
    pub(super) async fn on(config: &DatabaseConfig) -> Self {
        match &config.url {
            Url::Sqlite(file) => {
                let connection = sqlite::open(&sqlite::uri(file, "?mode=rw")).unwrap();
                Self::File(Box::new(connection))
            }
            Url::Postgres(url) => {
                let connection = postgres::connect(url, config.schema.as_deref()).await;
                Self::Server(Box::new(connection.unwrap()))
            }
        }
    }

    /// Runs statements.
    pub(super) async fn run(&mut self, statements: &str) {
        let done = match self {
            Self::File(c) => SimpleConnection::batch_execute(c.as_mut(), statements),
            Self::Server(c) => SimpleAsyncConnection::batch_execute(c.as_mut(), statements).await,
        };
        done.unwrap_or_else(|why| panic!("{statements}: {why}"));
    }

    /// Returns the column `line` of a query.
    pub(super) async fn lines(&mut self, query: &str) -> Vec<String> {
        let lines = self.query(sql_query(query)).await;
        let lines = lines.unwrap_or_else(|why| panic!("{query}: {why}"));
        lines.into_iter().map(|row| row.line).collect()
    }

    /// Returns why a query fails.
    pub(super) async fn failure(&mut self, query: &str) -> String {
        let failed = self.query(sql_query(query)).await.map(|rows| rows.len());
        failed.unwrap_err().to_string()
    }

    async fn query(&mut self, query: SqlQuery) -> diesel::QueryResult<Vec<Line>> {
        match self {
            Self::File(c) => diesel::RunQueryDsl::load(query, c.as_mut()),
            Self::Server(c) => diesel_async::RunQueryDsl::load(query, c.as_mut()).await,
        }
    }
}
