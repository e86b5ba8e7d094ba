// Every page works without a script; these make it pleasant.
import { showWork } from "./once.js";
import { localTimes } from "./time.js";
import { copyButtons } from "./copy.js";

showWork();
localTimes();
copyButtons();
