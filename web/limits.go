package web

import "time"

// Bounds of the pages, with their reasons.
const (
	// maxUpload is the largest request: a spreadsheet of an agency, or an act with its annexes.
	maxUpload = 32 << 20
	// maxField is the longest text of one form field in bytes: a long statement has 50 kB.
	maxField = 1 << 20
	// listPage is how many instruments stand on one page of a list: it stays under 100 kB and is read without scrolling for ever.
	listPage = 50
	// indicatorPage is how many indicators stand on one page of their list: the figures of each are read for it.
	indicatorPage = 40
	// reportsListed of an indicator are read for the list, the newest, and reportsShown for its own page: a report a month for
	// forty years. Both together with the titles stay under what a page may read.
	reportsListed, reportsShown = 20, 480
	// periodsShown and inputsShown are how many periods the tables of an indicator hold: ten and five years of months.
	// The first of them, a year of months, are open.
	periodsShown, inputsShown, periodsFirst = 120, 60, 12
	// rowsShown is how many figures of a report stand on one page; a reply cites no more.
	rowsShown = 150
	// maxListed is how many instruments a page looks through that shows no pages of its own: ten years of weekly meetings.
	maxListed = 520
	// maxChoices is how many instruments a form offers to name: a longer list is searched by nobody.
	maxChoices = 200
	// sessionIdle ends a session nobody uses: a ministry's desk is left unlocked over lunch, not over night.
	sessionIdle = 60 * time.Minute
	// sessionLife ends every session: a working day.
	sessionLife = 12 * time.Hour
	// maxFailures of sign-in per address in failureWindow: guessing 256 bits is hopeless, so this bounds noise only, and it
	// never locks an office out: it counts addresses, not offices.
	maxFailures   = 20
	failureWindow = time.Minute
	// maxCeremonies of WebAuthn under way at once, and ceremonyLife of one, also of a sign-in by an identity provider.
	maxCeremonies = 10_000
	ceremonyLife  = 10 * time.Minute
	// providerTimeout bounds one call to an identity provider.
	providerTimeout = 10 * time.Second
	// maxFailing is how many addresses are counted: beyond it the oldest is forgotten.
	maxFailing = 10_000
	// soonDays is how far ahead the pages look for what falls due.
	soonDays = 14
	// maxOfficeName is the longest name of an office in bytes: a ministry with its unit.
	maxOfficeName = 200
	// maxContactLine is the longest line of an entry on whom to call, as the node takes it.
	maxContactLine = 300
	// maxKeyText is the longest text of a public key in bytes: WebAuthn's 65 in hex, within an object of JSON.
	maxKeyText = 1 << 10
)
