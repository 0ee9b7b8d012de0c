package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// route is one line of the table.
type route struct {
	method, path string
	operator     bool // served on the local socket only
	register     func(*API, huma.API)
}

// routes is every route there is.
var routes = []route{
	get("/v1/node", "node", "The node that answers", (*API).describe),
	get("/v1/groups", "groups", "Groups that the office has a part in", (*API).groups),
	get("/v1/groups/{group}", "group", "One group: what is held, what counts, what is held back", (*API).group),
	get("/v1/groups/{group}/charter", "charter", "The charter, as founded and in force", (*API).charter),
	get("/v1/groups/{group}/powers", "powers", "Who may sign for each party", (*API).powers),
	get("/v1/groups/{group}/state", "state", "The digest of the state at this node's cut", (*API).state),
	get("/v1/groups/{group}/instruments", "instruments", "A page of instruments", (*API).instruments),
	get("/v1/groups/{group}/instruments/{id}", "instrument", "One instrument with its records", (*API).instrument),
	get("/v1/groups/{group}/instruments/{id}/progress", "progress", "The signal of each party's figures on an indicator, with its rule and inputs. The read stands in the access log first", (*API).progress),
	get("/v1/groups/{group}/progress", "standings", "Where the indicators in force stand: each party's signal, and the status that each party's people set. The read of the figures stands in the access log first", (*API).standings),
	get("/v1/groups/{group}/checklist", "checklist", "The objectives in force, held against the checklist of monitoring practice", (*API).checklist),
	get("/v1/groups/{group}/records/{id}", "record", "One record", (*API).record),
	get("/v1/groups/{group}/records/{id}/parts", "parts", "All parts of a record that the office may read. They stand in the access log first", (*API).parts),
	get("/v1/groups/{group}/records/{id}/parts/{name}", "part", "A part: as JSON, raw, or as CSV for rows. Stands in the access log first", (*API).part, binary),
	get("/v1/groups/{group}/records/{id}/evidence", "evidence", "An evidence file that anybody checks offline", (*API).evidence, binary),
	post("/v1/groups/{group}/records/{id}/evidence", "evidence-pinned", "The same, with proofs that the logs continue pinned checkpoints", (*API).evidencePinned, binary, secret),
	post("/v1/groups/{group}/figures", "figures", "Read an agency's file of figures, and draft what is new of it; progress as lines with Accept: application/x-ndjson", (*API).figures, secret, binary, large),
	get("/v1/groups/{group}/figure-mappings", "figure-mappings", "How files of figures are read: what offices of the party keep, and what comes with the program", (*API).mappings),
	get("/v1/groups/{group}/figure-mappings/{name}", "figure-mapping", "One mapping, to hand on", (*API).mapping),
	post("/v1/groups/{group}/figure-mappings/{name}", "figure-mapping-keep", "Keep a mapping under a name, in the place of the one there", (*API).keepMapping),
	remove("/v1/groups/{group}/figure-mappings/{name}", "figure-mapping-drop", "Forget a mapping", (*API).dropMapping),
	get("/v1/groups/{group}/drafts", "drafts", "Acts that wait for signatures", (*API).drafts),
	post("/v1/groups/{group}/drafts", "draft-new", "Draft an act: nothing is on record before officials sign", (*API).newDraft, created, large),
	get("/v1/groups/{group}/drafts/{nonce}", "draft", "One draft", (*API).draft),
	get("/v1/groups/{group}/drafts/{nonce}/parts", "draft-parts", "What is to be signed, with its salts", (*API).draftParts),
	remove("/v1/groups/{group}/drafts/{nonce}", "draft-drop", "Drop a draft and destroy its content", (*API).dropDraft),
	post("/v1/groups/{group}/drafts/{nonce}/approvals", "draft-approve", "Add signatures; the act goes on record when none is missing", (*API).approve),
	post("/v1/groups/{group}/announcement", "announcement-check", "Hold a text against everything the party may not publish; nothing binds by it. Stands in the access log first", (*API).checkAnnouncement, secret),
	get("/v1/groups/{group}/drafts/{nonce}/held", "draft-held", "Which passages of a draft for the public give away what may not be published. Stands in the access log first", (*API).heldDraft),
	get("/v1/watch-list", "watch-list", "The terms that hold a text of this party, for offices that may sign charters. Stands in the access log first", (*API).watchList),
	post("/v1/watch-list", "watch-list-put", "Keep terms in the place of those of an edition", (*API).putWatchList, secret),
	get("/v1/groups/{group}/press-lines", "press-lines", "Lines to take and answers for the press, of this party alone. Stands in the access log first", (*API).pressLines),
	post("/v1/groups/{group}/press-lines", "press-line-new", "Keep a line to take at home", (*API).newPressLine, created),
	post("/v1/groups/{group}/press-lines/{id}/notes", "press-line-change", "Say another in its place, or say it no more", (*API).changePressLine, created),
	get("/v1/groups/{group}/agreed-language", "agreed-language", "Sentences that several parties have signed. Those found stand in the access log first", (*API).agreedLanguage),
	post("/v1/groups/{group}/drafts/{nonce}/clearance", "clearance-ask", "Ask offices of the own party to clear a draft; nothing of it leaves the node", (*API).askClearance, created),
	get("/v1/clearances", "clearances", "What waits for the office's clearance, and how far what it asked for has come", (*API).clearances),
	get("/v1/clearances/{id}", "clearance", "One clearance with everything that was said", (*API).clearance),
	get("/v1/clearances/{id}/parts", "clearance-parts", "The text to be cleared. Stands in the access log first", (*API).clearanceParts),
	post("/v1/clearances/{id}/words", "clearance-answer", "Clear, return or comment in the office's name", (*API).answerClearance, created),
	get("/v1/clearance-routes", "clearance-routes", "Which offices clear what before the node puts it on record", (*API).routes),
	get("/v1/groups/{group}/nonpapers", "nonpapers", "Texts without standing: this party's own and those shown to it", (*API).nonPapers),
	post("/v1/groups/{group}/nonpapers", "nonpaper-new", "Keep a non-paper at home; nobody sees it before it is floated", (*API).draftNonPaper, created),
	get("/v1/groups/{group}/nonpapers/{author}/{nonce}", "nonpaper", "One with its texts. Stands in the access log first", (*API).nonPaper),
	post("/v1/groups/{group}/nonpapers/{nonce}/float", "nonpaper-float", "Show it to the parties it is for", (*API).floatNonPaper),
	post("/v1/groups/{group}/nonpapers/{nonce}/take-back", "nonpaper-take-back", "Destroy it here and have the readers' nodes destroy it; what was read can be remembered", (*API).takeBack),
	post("/v1/groups/{group}/nonpapers/{nonce}/act", "nonpaper-propose", "Draft an act from its texts", (*API).promote, created, large),
	get("/v1/groups/{group}/claims", "claims", "Public claims: kept at home, and before the others, each held against the series. Stands in the access log first", (*API).claims),
	post("/v1/groups/{group}/claims", "claim-new", "Keep a claim at home; nobody else sees that there is one", (*API).newClaim, created),
	get("/v1/groups/{group}/claims/{id}", "claim", "One claim with its finding and arithmetic. Stands in the access log first", (*API).claim),
	post("/v1/groups/{group}/claims/{id}/notes", "claim-word", "Change a claim kept at home, or say the party's own position on it", (*API).noteClaim, created),
	post("/v1/groups/{group}/claims/{id}/put", "claim-put", "Draft the act that puts a claim before the others", (*API).putClaim, created),
	post("/v1/groups/{group}/claims/{id}/release", "claim-release", "Draft the act by which this party lets a claim be published with the finding of the moment", (*API).releaseClaim, created),
	get("/v1/groups/{group}/claims/{id}/review", "claim-review", "A claim that every party released, as schema.org ClaimReview; refused otherwise", (*API).claimReview),
	get("/v1/groups/{group}/contacts", "contacts", "Logs of contacts that begin in a span of time, with what they say last. Stands in the access log first", (*API).contacts),
	get("/v1/groups/{group}/alarms", "alarms", "What people must look at", (*API).alarms),
	get("/v1/peers", "peers", "What each peer does not hold yet", (*API).peers),
	get("/v1/access/review", "access-review", "The access log with what is unusual about each read, newest first", (*API).review),
	get("/v1/access", "access", "The access log, newest first", (*API).access),

	get("/v1/check", "check-last", "The last full check: whether everything held; its faults are the operator's", (*API).lastCheck),

	operator(get("/v1/introduction", "introduction", "This party's introduction", (*API).introduction)),
	operator(get("/v1/introductions", "introductions", "The other parties' introductions that people here compared", (*API).introductions)),
	operator(post("/v1/introductions", "introduction-add", "Keep another party's introduction, once its fingerprint was compared", (*API).meet)),
	operator(get("/v1/charters", "charters", "Founding charters that wait: what waits for whom", (*API).proposals)),
	operator(post("/v1/groups", "group-join", "Join a group by its founding charter", (*API).join, created)),
	operator(get("/v1/tokens", "tokens", "Tokens, without their secrets", (*API).tokens)),
	operator(post("/v1/tokens", "token-new", "Make an office's token; its secret is shown once and never stored", (*API).newToken, created, secret)),
	operator(remove("/v1/tokens/{office}", "token-revoke", "End every token of an office", (*API).revokeTokens)),
	operator(post("/v1/clearance-routes", "clearance-route-put", "Set a route, in the place of the one of its name", (*API).putRoute)),
	operator(remove("/v1/clearance-routes/{name}", "clearance-route-drop", "End a route", (*API).dropRoute)),
	operator(post("/v1/links", "link-new", "Make a one-time link by which an official signs in to the pages; its secret is shown once", (*API).newLink, created, secret)),
	operator(remove("/v1/sessions/{office}", "sessions-end", "End every sign-in and unused link of an office", (*API).endSessions)),
	operator(get("/v1/signins", "signins", "By what officials sign in: sessions, keys, accounts", (*API).signIns)),
	operator(remove("/v1/signins/{office}", "signins-drop", "End every way in of an office, or of one seat of it", (*API).dropSignIns)),
	operator(remove("/v1/credentials/{id}", "credential-drop", "Remove one key of an official; what it signed stays good", (*API).dropCredential)),
	operator(get("/v1/accounts", "accounts", "Accounts of the identity provider that have a place in the party", (*API).accounts)),
	operator(post("/v1/accounts", "account-put", "Give an account an office and a seat", (*API).putAccount, created)),
	operator(remove("/v1/accounts", "account-drop", "Take an account's place away", (*API).dropAccount)),
	operator(post("/v1/check", "check", "Rebuild everything from the logs and compare; progress as lines with Accept: application/x-ndjson", (*API).check, secret, binary)),
	operator(get("/v1/keys", "keys", "The node's own keys: which new powers name, and where older ones are still in use", (*API).nodeKeys)),
	operator(post("/v1/keys", "keys-prepare", "Make a new set of the node's own keys; nothing uses it before powers name it", (*API).prepareKeys)),
	operator(post("/v1/address", "address", "Where peers reach the node; powers that say so must follow", (*API).setAddress)),
	operator(get("/v1/backup", "backup", "A tar of what the node cannot make again: its manifest first, its key file last", (*API).backup, binary)),
	operator(get("/v1/groups/{group}/logs/{party}", "log-export", "A log as a tar of C2SP tlog-tiles", (*API).exportLog, binary)),
	operator(get("/v1/restore", "restore-status", "Groups that are read-only after a restore", (*API).restoring)),
	operator(post("/v1/groups/{group}/restore", "restore-draft", "Draft the record by which a group goes on without its silent peers", (*API).restoreDraft, created)),
	operator(post("/v1/orphans", "orphans-surface", "Read an old copy of the node's folder for records that nobody acknowledged", (*API).surface, secret)),
	operator(get("/v1/groups/{group}/orphans", "orphans", "Own records that surfaced after a restore", (*API).orphans)),
}

type option func(*huma.Operation, *API)

func created(op *huma.Operation, _ *API) { op.DefaultStatus = http.StatusCreated }
func large(op *huma.Operation, _ *API) {
	op.MaxBodyBytes, op.BodyReadTimeout = maxDraftBody, readTimeout
}

// secret answers are not kept under idempotency keys.
func secret(op *huma.Operation, _ *API) { op.Middlewares, op.Parameters = nil, nil }

// binary answers are not JSON, or not always.
func binary(op *huma.Operation, _ *API) {
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}, "application/json": {Schema: &huma.Schema{}}}}}
}

func get[I, O any](path, id, summary string, f func(*API, context.Context, *I) (*O, error), o ...option) route {
	return handle(http.MethodGet, path, id, summary, f, o...)
}

func remove[I, O any](path, id, summary string, f func(*API, context.Context, *I) (*O, error), o ...option) route {
	return handle(http.MethodDelete, path, id, summary, f, o...)
}

// post routes take an idempotency key.
func post[I, O any](path, id, summary string, f func(*API, context.Context, *I) (*O, error), o ...option) route {
	once := func(op *huma.Operation, a *API) {
		op.Middlewares = huma.Middlewares{a.once}
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header", Description: "A repeated request is answered as the first was, for a day.", Schema: &huma.Schema{Type: huma.TypeString}})
	}
	return handle(http.MethodPost, path, id, summary, f, append([]option{once}, o...)...)
}

func operator(r route) route {
	r.operator = true
	return r
}

// handle makes a route of a handler. Every error it returns becomes a problem in one place.
func handle[I, O any](method, path, id, summary string, f func(*API, context.Context, *I) (*O, error), o ...option) route {
	return route{method: method, path: path, register: func(a *API, h huma.API) {
		op := huma.Operation{Method: method, Path: path, OperationID: id, Summary: summary, MaxBodyBytes: maxBody, BodyReadTimeout: headerTimeout}
		for _, x := range o {
			x(&op, a)
		}
		huma.Register(h, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := f(a, ctx, in)
			if err != nil {
				return nil, problemOf(ctx, a.log, err)
			}
			return out, nil
		})
	}}
}
