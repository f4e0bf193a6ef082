//! Removing people's rows from the tables with one row per room and person: bans, invitations, mutes.

/// Defines `remove_of_users` for a table whose module has a `remove` for one room and person.
macro_rules! remove_of_users {
    ($table:ident) => {
        /// Removes the rows of these people in all rooms, at most `max` of them.
        pub(crate) async fn remove_of_users(
            tx: &mut Writer<'_>,
            users: &[UserId],
            max: i64,
        ) -> Result<(), Fault> {
            let rows: Vec<(i64, UserId)> = query!(tx, |c| $table::table
                .filter($table::user_id.one_of(users))
                .select(($table::room_id, $table::user_id))
                .limit(max)
                .load(c))?;
            for (room, user) in rows {
                remove(tx, RoomId(room), user).await?;
            }
            Ok(())
        }
    };
}

pub(super) use remove_of_users;
