/* The words of the map, in the languages we can vouch for; others read English. */
(function () {
  "use strict";
  const CG = (window.CommonGround = window.CommonGround || {});

  const TEXTS = {
    en: {
      legend: "Legend",
      showLegend: "Show legend",
      hideLegend: "Hide legend",
      conflicts: "Possible conflicts",
      inside: "Inside",
      tooClose: "Too close to call",
      insideHint: "beyond doubt, given how well positions are known",
      tooCloseHint: "within the error of the positions; needs a field check",
      several: "A number counts several in one place; the worst verdict is shown.",
      hotspots: "Hotspots",
      hot_99: "Hotspot, 99 %",
      hot_99_hint: "with its neighbours a higher rate than chance would put there, quite certain",
      hot_95: "Hotspot, 95 %",
      hot_95_hint: "with its neighbours a higher rate than chance would put there, less certain",
      not_significant: "Not significant",
      not_significant_hint: "tested; chance alone could do it",
      not_tested: "Not tested",
      not_tested_hint: "enough sites, but too few units for a test",
      too_few: "Too few sites",
      too_few_hint: "for a rate or a test",
      not_surveyed: "Not surveyed",
      not_surveyed_hint: "no known site and no visit; a satellite may have seen something",
      blank: "Where nothing is drawn, nothing is known: not surveyed.",
      undated: "date not stated",
      source: "source: {0}",
      noSource: "source not stated",
      invented: "Invented for demonstration",
      inventedAll: "Invented for demonstration: not real places, people or licences.",
      inventedSome: "Some layers are invented for demonstration; they are marked.",
      copyLink: "Copy a link to this view",
      linkCopied: "Copied. This link opens the page as it is, with the map where it looks now.",
      linkMarked: "Copy this link: it opens the page as it is, with the map where it looks now.",
      base: "Base map: Natural Earth, public domain",
      opacity: "Opacity of {0}",
      show: "Show {0}",
      more: "Opacity, source and date of {0}",
      loading: "loading …",
      failed: "could not be loaded: {0}",
      squares: "several together",
      squaresMean: "Squares: several too small to show apart; the darker, the more.",
      squaresUnfiltered: "(of every class)",
      building: "being prepared on the server …",
      brokenTile: "A piece of the map came broken. Move the map or reload the page.",
      showClasses: "Show the classes",
      noClass: "no class",
      pixels: "{0} pixels with a class",
      classes: "Classes of {0}",
      tilesFailed: "{0} pieces did not come",
      noLayers: "No layers are loaded for this region yet.",
      zoomIn: "Zoom in",
      zoomOut: "Zoom out",
      home: "Show the whole region",
      fullscreen: "Full screen",
      graticule: "Lines of longitude and latitude",
      distance: "Measure a distance",
      area: "Measure an area",
      polygon: "Draw an area and get its figures",
      rectangle: "Draw a rectangle and get its figures",
      clear: "Remove what was drawn",
      finish: "Finish",
      undo: "Undo",
      cancel: "Cancel",
      addCentre: "Add the middle of the map",
      hintLine: "Click the points of the line; Finish or double-click ends it.",
      hintArea: "Click the corners of the area; Finish or double-click ends it.",
      hintRectangle: "Click two opposite corners.",
      ellipsoid: "on the WGS 84 ellipsoid",
      around: "around: {0}",
      crossing: "The edges of an area may not cross each other.",
      here: "Here",
      nothing: "Nothing here in the layers that are switched on. Absence of data is not absence of mining or farming.",
      asking: "Looking what is here …",
      noAnswer: "The server could not say what is here: {0}",
      noData: "no data",
      id: "Id",
      yes: "yes",
      no: "no",
      distanceAway: "{0} away",
      moreHere: "and {0} more: zoom in and click again",
      moreConflicts: "and {0} more here, ranked after it: zoom in to tell them apart",
      close: "Close",
      map: "Map of {0}. Arrow keys move it, plus and minus zoom, Enter tells what is in the middle. The button “List what is in view” gives the same as a table.",
      list: "List what is in view",
      moreTools: "More tools",
      listed: "{0} in view; the nearest to the middle first",
      listedSome: "{0} in view, the {1} nearest to the middle are listed",
      listTooMany: "Too many of {0} are in view to list. Zoom in.",
      name: "Name",
      layer: "Layer",
      fromMiddle: "From the middle",
      inMiddle: "in the middle",
      towards: "{0} {1}",
      compass: "north,north-east,east,south-east,south,south-west,west,north-west",
    },
    fr: {
      legend: "Légende",
      showLegend: "Afficher la légende",
      hideLegend: "Masquer la légende",
      conflicts: "Conflits possibles",
      inside: "À l’intérieur",
      tooClose: "Trop proche pour trancher",
      insideHint: "sans doute possible, vu la précision des positions",
      tooCloseHint: "dans l’erreur des positions ; à vérifier sur le terrain",
      several: "Un nombre compte plusieurs cas au même endroit ; le plus grave est montré.",
      hotspots: "Points chauds",
      hot_99: "Point chaud, 99 %",
      hot_99_hint: "avec ses voisins un taux plus haut que le hasard n’en mettrait, assez certain",
      hot_95: "Point chaud, 95 %",
      hot_95_hint: "avec ses voisins un taux plus haut que le hasard n’en mettrait, moins certain",
      not_significant: "Non significatif",
      not_significant_hint: "testé ; le hasard suffit à l’expliquer",
      not_tested: "Non testé",
      not_tested_hint: "assez de sites, mais trop peu d’unités pour un test",
      too_few: "Trop peu de sites",
      too_few_hint: "pour un taux ou un test",
      not_surveyed: "Non visité",
      not_surveyed_hint: "ni site connu ni visite ; un satellite a pu voir quelque chose",
      blank: "Où rien n’est dessiné, rien n’est connu : non visité.",
      undated: "date non indiquée",
      source: "source : {0}",
      noSource: "source non indiquée",
      invented: "Inventé pour la démonstration",
      inventedAll: "Inventé pour la démonstration : ni lieux, ni personnes, ni permis réels.",
      inventedSome: "Certaines couches sont inventées pour la démonstration ; elles sont marquées.",
      copyLink: "Copier un lien vers cette vue",
      linkCopied: "Copié. Ce lien ouvre la page telle quelle, la carte là où elle regarde.",
      linkMarked: "Copiez ce lien : il ouvre la page telle quelle, la carte là où elle regarde.",
      base: "Fond de carte : Natural Earth, domaine public",
      opacity: "Opacité de {0}",
      show: "Afficher {0}",
      more: "Opacité, source et date de {0}",
      loading: "chargement …",
      failed: "n’a pas pu être chargé : {0}",
      squares: "plusieurs ensemble",
      squaresMean: "Carrés : plusieurs, trop petits pour être séparés ; plus c’est foncé, plus il y en a.",
      squaresUnfiltered: "(de toutes les classes)",
      building: "en préparation sur le serveur …",
      brokenTile: "Un morceau de la carte est arrivé abîmé. Déplacez la carte ou rechargez la page.",
      showClasses: "Afficher les classes",
      noClass: "sans classe",
      pixels: "{0} pixels avec une classe",
      classes: "Classes de {0}",
      tilesFailed: "{0} morceaux ne sont pas arrivés",
      noLayers: "Aucune couche n’est encore chargée pour cette région.",
      zoomIn: "Zoom avant",
      zoomOut: "Zoom arrière",
      home: "Montrer toute la région",
      fullscreen: "Plein écran",
      graticule: "Méridiens et parallèles",
      distance: "Mesurer une distance",
      area: "Mesurer une surface",
      polygon: "Dessiner une zone et obtenir ses chiffres",
      rectangle: "Dessiner un rectangle et obtenir ses chiffres",
      clear: "Effacer le dessin",
      finish: "Terminer",
      undo: "Annuler le dernier",
      cancel: "Abandonner",
      addCentre: "Ajouter le centre de la carte",
      hintLine: "Cliquez les points de la ligne ; Terminer ou double-clic pour finir.",
      hintArea: "Cliquez les sommets de la zone ; Terminer ou double-clic pour finir.",
      hintRectangle: "Cliquez deux coins opposés.",
      ellipsoid: "sur l’ellipsoïde WGS 84",
      around: "périmètre : {0}",
      crossing: "Les côtés d’une zone ne peuvent pas se croiser.",
      here: "Ici",
      nothing: "Rien ici dans les couches affichées. L’absence de données n’est pas l’absence de mines ou de champs.",
      asking: "Recherche de ce qui se trouve ici …",
      noAnswer: "Le serveur n’a pas pu répondre : {0}",
      noData: "pas de données",
      id: "Identifiant",
      yes: "oui",
      no: "non",
      distanceAway: "à {0}",
      moreHere: "et {0} de plus : zoomez et cliquez à nouveau",
      moreConflicts: "et {0} de plus ici, classés après : zoomez pour les distinguer",
      close: "Fermer",
      map: "Carte de {0}. Les flèches la déplacent, plus et moins zooment, Entrée dit ce qui est au centre. Le bouton « Lister ce qui est visible » donne la même chose en tableau.",
      list: "Lister ce qui est visible",
      moreTools: "Plus d’outils",
      listed: "{0} visibles ; les plus proches du centre d’abord",
      listedSome: "{0} visibles, les {1} plus proches du centre sont listés",
      listTooMany: "Trop de {0} sont visibles pour une liste. Zoomez.",
      name: "Nom",
      layer: "Couche",
      fromMiddle: "Depuis le centre",
      inMiddle: "au centre",
      towards: "{0} vers {1}",
      compass: "le nord,le nord-est,l’est,le sud-est,le sud,le sud-ouest,l’ouest,le nord-ouest",
    },
  };

  let words = TEXTS.en;

  /** Choose the language; what is not translated is English. */
  CG.setLanguage = function (language) {
    words = Object.assign({}, TEXTS.en, TEXTS[language] || {});
  };

  /** The words for a key, with {0} and {1} filled in. */
  CG.text = function (key, ...values) {
    return values.reduce((text, value, i) => text.split(`{${i}}`).join(String(value)), words[key]);
  };

  /** An element with attributes and children; strings become text, never HTML. */
  CG.element = function (tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
    }
    for (const child of children) {
      if (child !== null && child !== undefined) element.append(child);
    }
    return element;
  };

  /** Keep clicks and the wheel on a control from reaching the map beneath it. */
  CG.shield = function (control) {
    L.DomEvent.disableClickPropagation(control);
    L.DomEvent.disableScrollPropagation(control);
    // Leaflet looks from the clicked element upwards, and finds nothing where the click itself has
    // drawn the control anew: then the map would take it for its own.
    control.addEventListener("click", (event) => event.stopPropagation());
  };

  /** A number for people: thousands apart, at most `digits` decimals. */
  CG.number = function (value, digits) {
    return value.toLocaleString(words === TEXTS.en ? "en" : undefined, {
      maximumFractionDigits: digits === undefined ? 2 : digits,
    });
  };
})();
