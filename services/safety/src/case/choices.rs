//! What workers choose among in safety's entries. Codes are published and stay; their words stand in the labels.

kit::choices! {
    /// The tool that a risk assessment goes by.
    RiskTool {
        /// SARA:V3.
        SaraV3,
        /// PATRIARK, for honour-related violence.
        Patriark,
        /// DASH.
        Dash,
        /// Another one, or none.
        Other,
    }

    /// How great the risk is.
    RiskLevel {
        /// Low.
        Low,
        /// Medium.
        Medium,
        /// High.
        High,
        /// Too little is known.
        Unclear,
    }

    /// What a safety plan covers.
    PlanItem {
        /// A safe place to go to.
        SafePlace,
        /// The way out of the home, and of everyday places.
        EscapeRoute,
        /// A bag that is ready, with papers, money and keys.
        EmergencyBag,
        /// When and how she calls the police.
        CallingPolice,
        /// An alarm, and how it is carried.
        Alarm,
        /// A code word with people close to her.
        CodeWord,
        /// People close to her who know and help.
        Network,
        /// What the children know and do.
        Children,
        /// Agreements with school and daycare.
        SchoolAndDaycare,
        /// Agreements with her workplace.
        Workplace,
        /// Contact with the other parent, and handing over the children.
        ContactAndHandover,
        /// Ways and habits that change.
        RoutesAndHabits,
        /// Phone, accounts and location.
        DigitalSafety,
        /// Locks, doors and light at home.
        HomeSecurity,
        /// Something else.
        Other,
    }

    /// Which of her children the protection of the address covers. Theirs tells hers.
    ChildrenCovered {
        /// All of them.
        All,
        /// Some.
        Some,
        /// None.
        None,
        /// She has no children who live with her.
        HasNone,
    }

    /// What was gone through for her digital safety.
    DigitalItem {
        /// Accounts that the perpetrator shares or knows the password of.
        SharedAccounts,
        /// Her `MitID`.
        MitId,
        /// Her e-Boks and other digital post.
        EBoks,
        /// Programs that spy on her phone or computer.
        Stalkerware,
        /// The position of her car.
        CarGps,
        /// The children's devices.
        ChildrensDevices,
        /// Something else.
        Other,
    }

    /// What tracks her.
    TrackerKind {
        /// A device that sends its position.
        GpsDevice,
        /// A tag meant for keys and bags.
        Tag,
        /// A program on a phone or computer.
        Program,
        /// The car's own system.
        Car,
        /// An account that shows her position to others.
        SharedAccount,
        /// A hidden camera or microphone.
        CameraOrMicrophone,
        /// Something on a child, its clothes, toys or devices.
        OnChild,
        /// Something else.
        Other,
    }

    /// What accounts were secured.
    AccountKind {
        /// E-mail.
        Email,
        /// The account of her phone or computer, with its cloud.
        DeviceAccount,
        /// Her `MitID`.
        MitId,
        /// E-Boks and other digital post.
        EBoks,
        /// Social media and messages.
        SocialMedia,
        /// Bank and payment.
        Bank,
        /// The phone's subscription.
        PhoneSubscription,
        /// The children's accounts, school and daycare platforms among them.
        ChildrensAccounts,
        /// Home and car: locks, cameras, apps.
        HomeAndCar,
        /// Something else.
        Other,
    }

    /// What the threat is about.
    ThreatKind {
        /// To kill.
        Death,
        /// Violence.
        Violence,
        /// Against the children.
        AgainstChildren,
        /// Against others close to her.
        AgainstOthers,
        /// To take the children away or out of the country.
        TakingChildren,
        /// To show pictures of her, or tell about her.
        Exposure,
        /// Of self-harm.
        SelfHarm,
        /// Against what she owns, or her animals.
        PropertyOrAnimals,
        /// Something else.
        Other,
    }

    /// How the threat reached her.
    ThreatChannel {
        /// Face to face.
        InPerson,
        /// By telephone.
        Phone,
        /// By text message.
        TextMessage,
        /// By e-mail.
        Email,
        /// On social media.
        SocialMedia,
        /// By letter, or left for her.
        Letter,
        /// Through the children.
        ThroughChildren,
        /// Through others.
        ThroughOthers,
        /// In another way.
        Other,
    }

    /// What is the matter, in terms of the rules across domains. What is to be done about it is the follow-up's.
    Interlock {
        /// A home is hers, and her address, children included, is not protected.
        AddressUnprotected,
        /// An order that protects her is about to end.
        OrderEnds,
        /// Contact with the children begins while an order is in force.
        ContactDuringOrder,
        /// A tracker was found, an alarm triggered, an order breached or a threat recorded.
        NewThreat,
        /// Her stay ends without a safety plan that is fresh.
        NoSafetyPlan,
        /// Two contacts in a row did not take place.
        ContactsMissed,
        /// The alarm that she has is registered elsewhere too. Not where, nor for whom.
        AlarmElsewhere,
    }

    /// What came of the work for her safety.
    CaseOutcome {
        /// The protection agreed on is in place and works.
        ProtectionInPlace,
        /// The threat is over.
        ThreatOver,
        /// Others help her on.
        OthersHelp,
        /// She needs or wants no help with safety any more.
        NoLongerNeeded,
        /// She cannot be reached.
        ContactLost,
    }
}
