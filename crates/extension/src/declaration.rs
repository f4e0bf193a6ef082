//! The declaration of an extension.

use crate::assembly::Assembly;
use crate::command::{Asked, Command, Respond, Rights};
use crate::follower::{Follower, Sees};
use crate::mount::{Mount, Serve};
use crate::schema::{self, Schema};
use crate::{Askable, Cx, Task, View, name, op};
use bus::{AnswersAsync, Isolated, Subscriber};
use settings::{AnyTable, Table};
use std::fmt;
use storage::Migrations;

/// A part of an extension, which is made when the server is built.
type Part = Box<dyn FnOnce(&mut Assembly<'_>) + Send>;

/// An extension as it is declared: its name, and what it has. Nothing is opened or runs before the
/// server starts with it, so that the command line knows it without a database.
///
/// The `make` closures run once the databases are registered and before the bus starts: they may
/// look at the settings and keep handles, and ask nobody yet.
pub struct Extension {
    name: &'static str,
    settings: Option<AnyTable>,
    schema: Option<Schema>,
    has_database: bool,
    is_on_by_default: bool,
    follows: Option<Sees>,
    pub(crate) parts: Vec<Part>,
    pub(crate) mistakes: Vec<String>,
    #[cfg(feature = "testing")]
    pub(crate) faults: crate::Faults,
}

impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Extension").field(&self.name).finish()
    }
}

impl Extension {
    /// Begins the declaration of an extension. Its name is its name space: settings `[name]` and
    /// `PARLOR_NAME_…`, database `name`, ops `x.name.…`, HTTP `/api/v1/x/name/…`, pushes `x.name.…`,
    /// metrics `parlor_name_…`. It has 1 to 24 characters `a-z`, `0-9` and `_`, and begins with a
    /// letter.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        let wrong = name::wrong(name).map(str::to_owned);
        Self {
            name,
            settings: None,
            schema: None,
            has_database: false,
            is_on_by_default: true,
            follows: None,
            parts: Vec::new(),
            mistakes: wrong.into_iter().collect(),
            #[cfg(feature = "testing")]
            faults: crate::Faults::default(),
        }
    }

    /// Leaves it out unless the operator asks for it: with `name = "on"`, or by listing its database.
    #[must_use]
    pub fn off_by_default(mut self) -> Self {
        self.is_on_by_default = false;
        self
    }

    /// Declares its settings.
    #[must_use]
    pub fn settings<C: Table>(mut self) -> Self {
        if self.settings.replace(AnyTable::of::<C>()).is_some() {
            self.mistake("it declares its settings twice: leave one out");
        }
        self
    }

    /// Declares a database of its own, by [`migrations!`](crate::migrations).
    #[must_use]
    pub fn database(mut self, schema: Schema) -> Self {
        self.has_database = true;
        if let Some(wrong) = schema::wrong(schema) {
            self.mistake(&wrong);
        }
        if self.schema.replace(schema).is_some() {
            self.mistake("it declares its database twice: leave one out");
        }
        self
    }

    /// Follows the logs of all rooms. A follower has a database, if only for its cursors.
    #[must_use]
    pub fn follows<F: Follower>(mut self, make: impl FnOnce(&Cx) -> F + Send + 'static) -> Self {
        self.has_database = true;
        if self.follows.replace(F::SEES).is_some() {
            self.mistake(
                "it declares two followers, which would share their cursors: put them into one",
            );
        }
        self.part(move |assembly| {
            let follower = make(assembly.cx());
            assembly.follow(follower);
        })
    }

    /// Subscribes to facts as they happen. The subscriber's name begins with the extension's. It is
    /// always isolated: what it misses it learns by [`Subscriber::missed`]. Entries of rooms come
    /// by [`Extension::follows`].
    #[must_use]
    pub fn subscribes<S: Subscriber<Kind = Isolated>>(
        mut self,
        make: impl FnOnce(&Cx) -> S::Deps + Send + 'static,
    ) -> Self {
        self.must_own("subscriber", S::NAME, name_is_inside(S::NAME, self.name));
        self.part(move |assembly| {
            let deps = make(assembly.cx());
            assembly.subscribe::<S>(deps);
        })
    }

    /// Answers a command that changes nothing.
    #[must_use]
    pub fn reads<C: Command, R: Respond<C>>(
        self,
        rights: Rights,
        make: impl FnOnce(&Cx) -> R + Send + 'static,
    ) -> Self {
        self.responds(rights, false, make)
    }

    /// Answers a command that may change something. Those of one connection are carried out one after
    /// another.
    #[must_use]
    pub fn writes<C: Command, R: Respond<C>>(
        self,
        rights: Rights,
        make: impl FnOnce(&Cx) -> R + Send + 'static,
    ) -> Self {
        self.responds(rights, true, make)
    }

    /// Has one of its subscribers answer a command, in order with the facts that it handles.
    #[must_use]
    pub fn answers<C: Command, S: AnswersAsync<Asked<C>>>(mut self, rights: Rights) -> Self {
        self.must_own("command", C::NAME, op::is_name_of(C::NAME, self.name));
        self.part(move |assembly| assembly.answer::<C>(rights))
    }

    /// Declares that it asks `R`, such as a command of another extension: without it, the mistake shows only
    /// when it asks. The start fails if nothing in the server answers it.
    #[must_use]
    pub fn asks<R: Askable>(self) -> Self {
        self.part(|assembly| {
            assembly.ask::<R>();
        })
    }

    /// Serves HTTP below its prefix, or at a path of its own.
    #[must_use]
    pub fn serves<H: Serve>(self, at: Mount, make: impl FnOnce(&Cx) -> H + Send + 'static) -> Self {
        self.part(move |assembly| {
            let handler = make(assembly.cx());
            assembly.serve(at, handler);
        })
    }

    /// Shows the operator how it does.
    #[must_use]
    pub fn shows<V: View>(self, make: impl FnOnce(&Cx) -> V + Send + 'static) -> Self {
        self.part(move |assembly| {
            let view = make(assembly.cx());
            assembly.show(view);
        })
    }

    /// Runs a task of this name while the server runs.
    #[must_use]
    pub fn runs<T: Task>(
        self,
        name: &'static str,
        make: impl FnOnce(&Cx) -> T + Send + 'static,
    ) -> Self {
        self.part(move |assembly| {
            let task = make(assembly.cx());
            assembly.run(name, task);
        })
    }

    fn responds<C: Command, R: Respond<C>>(
        mut self,
        rights: Rights,
        writes: bool,
        make: impl FnOnce(&Cx) -> R + Send + 'static,
    ) -> Self {
        self.must_own("command", C::NAME, op::is_name_of(C::NAME, self.name));
        self.part(move |assembly| {
            let responder = make(assembly.cx());
            assembly.respond::<C, R>(rights, writes, responder);
        })
    }

    fn part(mut self, part: impl FnOnce(&mut Assembly<'_>) + Send + 'static) -> Self {
        self.parts.push(Box::new(part));
        self
    }

    fn must_own(&mut self, what: &str, owned: &str, is_own: bool) {
        if !is_own {
            let name = self.name;
            self.mistake(&format!(
                "its {what} {owned:?} is not named after it: {name}.something"
            ));
        }
    }

    fn mistake(&mut self, what: &str) {
        self.mistakes.push(what.to_owned());
    }
}

/// What the server asks of a declaration.
impl Extension {
    /// Lets a test inject faults.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn with_faults(self, faults: &crate::Faults) -> Self {
        Self {
            faults: faults.clone(),
            ..self
        }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the first thing that is wrong with the declaration itself, such as its name.
    #[must_use]
    pub fn wrong(&self) -> Option<&str> {
        self.mistakes.first().map(String::as_str)
    }

    /// Returns its settings with their defaults.
    #[must_use]
    pub fn settings_table(&self) -> Option<&AnyTable> {
        self.settings.as_ref()
    }

    /// Returns the migrations of its database, if it has one.
    #[must_use]
    pub fn migrations(&self) -> Option<Migrations> {
        self.has_database.then(|| schema::all(self.schema))
    }

    /// Returns whether it is in a server whose operator said nothing about it.
    #[must_use]
    pub fn is_on_by_default(&self) -> bool {
        self.is_on_by_default
    }

    /// Returns whether it reads the texts of private rooms.
    #[must_use]
    pub fn reads_private_rooms(&self) -> bool {
        self.follows == Some(Sees::All)
    }
}

/// Whether this name is the extension's, or begins with it and a dot.
fn name_is_inside(name: &str, extension: &str) -> bool {
    let rest = name.strip_prefix(extension);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
