package web

// route is one line of the table.
type route struct {
	pattern string
	open    bool // needs no sign-in
	do      func(*Web, *request) (answer, error)
}

// routes is every page and form there is. What begins with /g/{group} is of one group, found before its handler runs.
var routes = []route{
	{"GET /signin", true, (*Web).signIn},
	{"GET /signin/link/{secret}", true, (*Web).linkForm},
	{"POST /signin/link", true, (*Web).useLink},
	{"POST /signout", true, (*Web).signOut},
	{"GET /language/{language}", true, (*Web).chooseLanguage},

	{"GET /{$}", false, (*Web).home},
	{"GET /clearances", false, (*Web).clearances},
	{"GET /clearances/{id}", false, (*Web).clearance},
	{"POST /clearances/{id}", false, (*Web).clearance},
	{"GET /clearances/routes", false, (*Web).clearanceRoutes},
	{"GET /clearances/routes/edit", false, (*Web).clearanceRoute},
	{"POST /clearances/routes/edit", false, (*Web).clearanceRoute},
	{"GET /clearances/routes/end", false, (*Web).endRoute},
	{"POST /clearances/routes/end", false, (*Web).endRoute},
	{"GET /g/{group}", false, (*Web).groupHome},
	{"GET /g/{group}/records", false, (*Web).records},
	{"GET /g/{group}/records/proof/{alarm}", false, (*Web).proof},
	{"GET /g/{group}/meetings", false, (*Web).meetings},
	{"GET /g/{group}/meetings/new", false, (*Web).newMeeting},
	{"POST /g/{group}/meetings/new", false, (*Web).newMeeting},
	{"GET /g/{group}/meetings/{id}", false, (*Web).meeting},
	{"GET /g/{group}/meetings/{id}/agenda", false, (*Web).agenda},
	{"POST /g/{group}/meetings/{id}/agenda", false, (*Web).agenda},
	{"GET /g/{group}/meetings/{id}/item", false, (*Web).agendaItem},
	{"POST /g/{group}/meetings/{id}/item", false, (*Web).agendaItem},
	{"POST /g/{group}/meetings/{id}/off", false, (*Web).takeOff},
	{"GET /g/{group}/meetings/{id}/held", false, (*Web).held},
	{"POST /g/{group}/meetings/{id}/held", false, (*Web).held},
	{"GET /g/{group}/meetings/{id}/briefing", false, (*Web).briefing},
	{"POST /g/{group}/meetings/{id}/note", false, (*Web).noteHome},
	{"GET /g/{group}/meetings/{id}/session", false, (*Web).sitting},
	{"GET /g/{group}/meetings/{id}/decide", false, (*Web).decide},
	{"POST /g/{group}/meetings/{id}/decide", false, (*Web).decide},
	{"GET /g/{group}/sign", false, (*Web).bundle},
	{"POST /g/{group}/sign", false, (*Web).signBundle},
	{"POST /g/{group}/sign/drop", false, (*Web).dropBundle},
	{"GET /g/{group}/list/{kind}", false, (*Web).list},
	{"GET /g/{group}/i/{id}", false, (*Web).instrument},
	{"POST /g/{group}/i/{id}/act", false, (*Web).startAct},
	{"GET /g/{group}/i/{id}/withdraw", false, (*Web).withdraw},
	{"POST /g/{group}/i/{id}/withdraw", false, (*Web).withdraw},
	{"GET /g/{group}/i/{id}/reply", false, (*Web).reply},
	{"POST /g/{group}/i/{id}/reply", false, (*Web).reply},
	{"GET /g/{group}/i/{id}/report", false, (*Web).report},
	{"POST /g/{group}/i/{id}/report", false, (*Web).report},
	{"GET /g/{group}/i/{id}/translate", false, (*Web).translate},
	{"POST /g/{group}/i/{id}/translate", false, (*Web).translate},
	{"GET /g/{group}/commitments/new", false, (*Web).propose},
	{"POST /g/{group}/commitments/new", false, (*Web).propose},
	{"GET /g/{group}/r/{record}/{part...}", false, (*Web).part},
	{"GET /g/{group}/i/{id}/evidence", false, (*Web).evidence},
	{"GET /g/{group}/drafts/{nonce}", false, (*Web).draft},
	{"POST /g/{group}/drafts/{nonce}/sign", false, (*Web).signDraft},
	{"GET /g/{group}/drafts/{nonce}/clearance", false, (*Web).askClearance},
	{"POST /g/{group}/drafts/{nonce}/clearance", false, (*Web).askClearance},
	{"POST /g/{group}/drafts/{nonce}/drop", false, (*Web).dropDraft},
}
