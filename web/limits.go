package web

import "time"

// Bounds of the pages, with their reasons.
const (
	// maxUpload is the largest request: a spreadsheet of an agency, or an act with its annexes.
	maxUpload = 32 << 20
	// maxDrained of a request that is too long is listened to, so that its sender hears why: the largest open data files.
	maxDrained = 1 << 30
	// maxIntakes files of figures wait at once, one per session, of node.MaxFigureFile bytes at most. maxReadAtOnce of them are
	// read at a time, each for readFigures at most; readPatience is how long a page waits for one before it shows how far it is.
	maxIntakes    = 6
	maxReadAtOnce = 2
	readFigures   = 5 * time.Minute
	readPatience  = 1500 * time.Millisecond
	// filtersAsked of a mapping stand on its form, and one more than it has; figuresListed of each sort on the page before they are
	// taken; typedRows are how many figures one form takes; rowsOfDraft stand on the page of a draft.
	filtersAsked  = 2
	figuresListed = 15
	typedRows     = 4
	rowsOfDraft   = 24
	// movedReports that revised anything stand on the page of an indicator, with movedPeriods figures of each, and mismatchesShown
	// totals of each side.
	movedReports, movedPeriods, mismatchesShown = 4, 30, 40
	// maxField is the longest text of one form field in bytes: a long statement has 50 kB.
	maxField = 1 << 20
	// maxMapArea bytes of a shape stand on the page of a draft for its map: some thousand points. Of a longer one its cells do.
	maxMapArea = 128 << 10
	// listPage is how many instruments stand on one page of a list: it stays under 100 kB and is read without scrolling for ever.
	listPage = 50
	// indicatorPage is how many indicators stand on one page of their list: the figures of each are read for it.
	indicatorPage = 40
	// periodsShown and inputsShown are how many periods the tables of an indicator hold: ten and five years of months.
	// The first of them, a year of months, are open.
	periodsShown, inputsShown, periodsFirst = 120, 60, 12
	// rowsShown is how many figures of a report stand on one page; a reply cites no more.
	rowsShown = 150
	// maxListed is how many instruments a page looks through that shows no pages of its own: ten years of weekly meetings.
	maxListed = 520
	// maxChoices is how many instruments a form offers to name: a longer list is searched by nobody.
	maxChoices = 200
	// maxOpen is the largest request of somebody who is not signed in: what an authenticator answers has a few kB. Sign-ins are not
	// counted and nobody is kept waiting for failed ones: secrets have 256 bits, so that guessing is hopeless, a wrong one costs a
	// look, and behind a proxy all officials have one address, which a stranger could have locked out.
	maxOpen = 64 << 10
	// maxExchanges with an identity provider at once: more wait, so that strangers cannot turn this node upon it.
	maxExchanges = 8
	// freshSignIn is how new a sign-in must be to add a key: a session left open, or stolen, does not outlive itself by a key.
	freshSignIn = 15 * time.Minute
	// maxCeremonies of WebAuthn under way at once, and ceremonyLife of one, also of a sign-in by an identity provider.
	maxCeremonies = 10_000
	ceremonyLife  = 10 * time.Minute
	// providerTimeout bounds one call to an identity provider.
	providerTimeout = 10 * time.Second
	// maxPublicRequests of one address in a minute: a newsroom behind one address reads an announcement, and a loop is stopped.
	maxPublicRequests = 600
	// maxAsking addresses are counted at once: beyond it counting begins anew.
	maxAsking = 10_000
	// mostWaiting is how far the navigation counts what waits for a reason: beyond it nobody is surprised by a page that is full.
	mostWaiting = 100
	// soonDays is how far ahead the pages look for what falls due.
	soonDays = 14
	// exportPage is how many commitments an export reads at once: their texts stay within what one entry of the access log names.
	exportPage = 200
	// maxExported is how many commitments one file holds: the plans of ten years. It is made in memory.
	maxExported = 10_000
	// maxExportedFigures stand in one file: ten years of months of both countries' states, several times. It is made in memory.
	maxExportedFigures = 200_000
	// maxImport bytes of a spreadsheet of commitments, and maxImportRows of it: the action plans of both countries have a hundred
	// rows, with their pictures at most a few megabytes; more than a thousand promises are no plan.
	maxImport     = 8_000_000
	maxImportRows = 500
	// maxImportColumns are offered to choose from: a plan that lies on its side is turned first.
	maxImportColumns = 60
	// maxShownCell characters of a cell on a page: enough to know it by.
	maxShownCell = 80
	// maxShownFault characters of what is wrong with a mapping: a few of its faults, beside the field.
	maxShownFault = 600
	// maxImports files wait at once, one per session, shelfLife seconds after their last use at most: 128 MB of memory.
	maxImports = 16
	shelfLife  = 3600
	// maxCameBack texts that came back as Word files wait to be proposed: word.MaxText of each at most.
	maxCameBack = 32
	// importBatch is how many drafts are read and signed on one page.
	importBatch = 25
	// maxCharterDays is the longest period that the form of a charter takes: fifty years, as the charter itself.
	maxCharterDays = 50 * 366
	// maxOfficeName is the longest name of an office in bytes: a ministry with its unit.
	maxOfficeName = 200
	// maxContactLine is the longest line of an entry on whom to call, as the node takes it.
	maxContactLine = 300
	// maxKeyText is the longest text of a public key in bytes: WebAuthn's 65 in hex, within an object of JSON.
	maxKeyText = 1 << 10
	// claimsListed stand on one page, each with its finding: what a press office follows in a month.
	claimsListed = 100
	// besideOffered texts of the other side may be set beside one: those of the meeting come first, and older ones are found by theirs.
	besideOffered = 30
	// indicatorsOffered to tie a claim to: every one of a large group.
	indicatorsOffered = 500
)
