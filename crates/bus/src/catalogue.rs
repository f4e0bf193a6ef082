//! What a wiring consists of: every event and request that it knows, for documentation and operators.

use crate::message_type::MessageType;

/// Every event and request that a wiring knows, sorted by name: those that somebody subscribes to,
/// answers or asks, and those declared with [`Builder::states`](crate::Builder::states).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Catalogue {
    /// One item per type, in the order of their names.
    pub items: Vec<CatalogueItem>,
}

/// One type of event or request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueItem {
    /// Its stable name, such as `rooms.entries_appended`.
    pub name: &'static str,
    /// The path of the Rust type, as [`std::any::type_name`] writes it. Not stable between compilers.
    pub rust_path: &'static str,
    /// Whether it is a fact or a request, and of which class.
    pub kind: CatalogueKind,
    /// The subscriber or the reader that answers it; `None` for facts.
    pub answered_by: Option<&'static str>,
    /// Who subscribes to it, in the order in which subscribers were added; empty for requests.
    pub subscribers: Vec<CatalogueSubscriber>,
    /// Whether somebody declared that they ask it; false for facts.
    pub asked: bool,
}

/// The kinds of items in a [`Catalogue`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogueKind {
    /// A fact, broadcast to all its subscribers.
    Fact,
    /// A request that takes its place among the events of its answerer.
    OrderedRequest,
    /// A request that runs beside the queues.
    ConcurrentRequest,
    /// A request that somebody asks and nobody answers: the bus does not start.
    UnansweredRequest,
}

/// A subscriber to a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CatalogueSubscriber {
    /// The subscriber's [`NAME`](crate::Subscriber::NAME).
    pub name: &'static str,
    /// True if it is essential, false if it is isolated.
    pub essential: bool,
}

impl Catalogue {
    /// Returns the item with this name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&CatalogueItem> {
        let found = self.items.binary_search_by(|item| item.name.cmp(name));
        found.ok().map(|index| &self.items[index])
    }

    /// Returns the item of a type; adds it, with this kind, if it is new.
    pub(crate) fn item(&mut self, message: MessageType, kind: CatalogueKind) -> &mut CatalogueItem {
        // Two types of one name are a mistake, which the check reports by that name.
        let key = (message.name, message.rust_path);
        let place = self
            .items
            .binary_search_by_key(&key, |item| (item.name, item.rust_path));
        let index = place.unwrap_or_else(|index| {
            let item = CatalogueItem {
                name: message.name,
                rust_path: message.rust_path,
                kind,
                answered_by: None,
                subscribers: Vec::new(),
                asked: false,
            };
            self.items.insert(index, item);
            index
        });
        &mut self.items[index]
    }
}
