// The unseen frame: what the script asks of the API when no card is typed.

import { Api } from "./api.js";
import { listen } from "./port.js";

let api;

listen({
  start(settings) {
    api = new Api(settings);
  },
  retrieve: ({ secret }) => api.retrieve(secret),
  confirm: ({ secret, params }) => api.confirm(secret, params),
});
