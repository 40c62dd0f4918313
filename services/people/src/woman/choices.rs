//! The lists that facts about a woman choose from. Their words stand in the labels.

kit::choices! {
    /// How an interpreter helps.
    InterpreterForm {
        /// None is needed.
        NotNeeded,
        /// In the same room.
        InPerson,
        /// By phone.
        Phone,
        /// By video.
        Video,
    }
    /// Whether she holds custody of a child.
    Custody {
        /// She does, alone or with the other parent.
        Yes,
        /// She does not.
        No,
        /// Nobody knows yet.
        Unknown,
    }
    /// A way to reach her.
    Channel {
        /// By phone.
        Phone,
        /// By message.
        Message,
        /// By e-mail.
        Email,
        /// By Digital Post.
        DigitalPost,
        /// Through somebody she trusts.
        TrustedPerson,
        /// In another way.
        Other,
    }
    /// What she comes away from.
    Ground {
        /// Physical violence.
        PhysicalViolence,
        /// Psychological violence.
        PsychologicalViolence,
        /// Sexual violence.
        SexualViolence,
        /// Economic violence.
        EconomicViolence,
        /// Material violence.
        MaterialViolence,
        /// Stalking.
        Stalking,
        /// Negative social control.
        SocialControl,
        /// Threats.
        Threats,
        /// Something else.
        Other,
    }
    /// Where she moves to.
    MovedTo {
        /// Back to the one who used violence.
        BackToPerpetrator,
        /// Where she lived before, without the one who used violence.
        FormerHome,
        /// A new home.
        NewHome,
        /// Family or friends.
        FamilyOrFriends,
        /// Another crisis centre.
        OtherCentre,
        /// A shelter.
        Shelter,
        /// Abroad.
        Abroad,
        /// Nobody knows.
        Unknown,
    }
    /// What the municipality is told of.
    Direction {
        /// That she moved in.
        In,
        /// That she moved out.
        Out,
    }
    /// What was given out.
    Disclosed {
        /// Names and CPR numbers.
        Identity,
        /// Where she is or was.
        Whereabouts,
        /// Notes and what she told.
        Notes,
        /// About her health.
        Health,
        /// About the children.
        Children,
        /// Something else.
        Other,
    }
    /// Whom a conflict of interest is with.
    ConflictKind {
        /// A worker of the centre.
        Worker,
        /// An agency.
        Agency,
        /// A unit of an agency.
        Unit,
        /// A named user of an agency.
        AgencyUser,
    }
    /// Who asks to see what is recorded.
    Requester {
        /// She herself.
        Herself,
        /// A child of hers.
        Child,
        /// The other parent.
        OtherParent,
        /// Somebody who acts for her.
        Representative,
        /// An authority.
        Authority,
        /// Somebody else.
        Other,
    }
    /// About whom somebody asks.
    Concerned {
        /// Her.
        Herself,
        /// A child of hers.
        Child,
        /// Her and a child.
        Both,
    }
    /// How it was made sure that it is she who asks.
    Recognition {
        /// By her code word.
        CodeWord,
        /// At a meeting.
        Meeting,
    }
}
