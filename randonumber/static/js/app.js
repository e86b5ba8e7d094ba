// Every page works without a script; these make it pleasant.
import { showWork } from "./once.js";
import { localTimes } from "./time.js";
import { copyButtons } from "./copy.js";
import { liveCosts } from "./cost.js";
import { liveQuotes } from "./quote.js";

showWork();
localTimes();
copyButtons();
liveCosts();
liveQuotes();

// A refused form begins at what is wrong with it.
const wrong = document.querySelector("[aria-invalid=true]");
if (wrong) wrong.focus();
else document.querySelector("main section [role=alert]")?.scrollIntoView({ block: "center" });
