//! Bans and invitations: who, where, and the entry that says so.

/// The queries on one such table.
macro_rules! marks {
    ($name:ident, $what:literal) => {
        #[doc = $what]
        pub(crate) mod $name {
            use crate::api::{RoomId, Seq};
            use crate::store::schema::$name as table;
            use sessions::api::UserId;
            use storage::prelude::*;

            /// The entry that says so, if it is so.
            pub(crate) async fn find(
                access: &mut impl Access,
                room: RoomId,
                user: UserId,
            ) -> Result<Option<Seq>, Fault> {
                Ok(query!(access, |c| table::table
                    .find((room.0, user))
                    .select(table::seq)
                    .first(c))
                .optional()?)
            }

            /// Makes it so.
            pub(crate) async fn put(
                tx: &mut Writer<'_>,
                room: RoomId,
                user: UserId,
                seq: Seq,
            ) -> Result<(), Fault> {
                statement!(tx, |c| diesel::insert_into(table::table)
                    .values((
                        table::room_id.eq(room.0),
                        table::user_id.eq(user),
                        table::seq.eq(seq)
                    ))
                    .execute(c))?;
                Ok(())
            }

            /// Ends it; false if it was not so.
            pub(crate) async fn remove(
                tx: &mut Writer<'_>,
                room: RoomId,
                user: UserId,
            ) -> Result<bool, Fault> {
                let removed = statement!(tx, |c| diesel::delete(table::table)
                    .filter(table::room_id.eq(room.0))
                    .filter(table::user_id.eq(user))
                    .execute(c))?;
                Ok(removed > 0)
            }

            /// Ends it for these people in all rooms, at most so many times.
            pub(crate) async fn remove_of(
                tx: &mut Writer<'_>,
                users: &[UserId],
                max: i64,
            ) -> Result<(), Fault> {
                let rows: Vec<(i64, UserId)> = query!(tx, |c| table::table
                    .filter(table::user_id.one_of(users))
                    .select((table::room_id, table::user_id))
                    .limit(max)
                    .load(c))?;
                for (room, user) in rows {
                    remove(tx, RoomId(room), user).await?;
                }
                Ok(())
            }
        }
    };
}

marks!(bans, "Who may not join.");
marks!(invitations, "Who may join a room that is not public.");
