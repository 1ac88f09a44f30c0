//! How to configure the key's role in Lucca.

texts! {
    title {
        "Configure the key’s role",
        "Configurer le rôle de la clé"
    }
    text {
        "Every key has a role of its own, which decides whom it sees. Without this step people are missing, and Lucca does not say so.",
        "Chaque clé a son propre rôle, qui décide de ce qu’elle voit. Sans cette étape il manque des personnes, et Lucca ne le signale pas."
    }
    point_1 {
        "Open the roles:",
        "Ouvrez les rôles :"
    }
    open {
        "Open the roles in your Lucca",
        "Ouvrir les rôles dans votre Lucca"
    }
    point_2 {
        "Open the role that is named like the key. It is the last one in the list.",
        "Ouvrez le rôle qui porte le nom de la clé. C’est le dernier de la liste."
    }
    point_3 {
        "On the tab “Co-workers”, tick:",
        "Dans l’onglet « Collaborateurs » (“Co-workers”), cochez :"
    }
    point_4 {
        "Each for the whole company: leave the scope as wide as it is offered.",
        "Chacune pour toute l’entreprise : laissez le périmètre le plus large possible."
    }
    point_5 {
        "Save.",
        "Enregistrez."
    }
    done {
        "The role is saved",
        "Le rôle est enregistré"
    }
}
