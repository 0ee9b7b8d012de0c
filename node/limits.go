package node

import (
	"time"

	"entente/record"
)

// Bounds of a node, with their reasons.
const (
	// maxBatch is how many operations one commit takes: more would keep the first waiting too long for its answer.
	maxBatch = 512
	// maxQueue is how many operations wait for a commit before callers are held up.
	maxQueue = 4096
	// maxPushRecords and maxPushBytes bound one message between nodes, so that a hostile peer cannot fill the memory.
	MaxPushRecords = 512
	MaxPushBytes   = 24 << 20 // one part of record.MaxPart with its envelope fits
	// maxParts bounds the parts of one act together: the record with all of them must fit one message, or no peer could ever take it.
	maxParts = MaxPushBytes - 1<<20
	// maxDrafts per group: drafts are kept until they are signed or dropped, and a stuck client must not fill the disk.
	maxDrafts = 2000
	// recentRecords are kept parsed in memory per group: what consents and replies usually speak of.
	recentRecords = 4096
	// lease is how long a live copy of a node keeps a second copy out after its last contact.
	lease = 2 * time.Minute
	// keepInstances is how many restarts a node remembers, to prove to peers that it goes on from the copy they knew.
	keepInstances = 64
	// anchorEvery is how often the anchor outside the data folder is synced; it is written at every commit.
	anchorEvery = time.Second
	// maxWrappedKey is what a KMS or HSM may answer, in bytes: the largest wrap a key of 32 bytes to a few hundred.
	maxWrappedKey = 16 << 10
	// lowDisk is the room below which the operator is warned: a few messages of the largest size.
	lowDisk = 256 << 20
	// checkAfterStart is how long a start waits before a check that is due, checkPause how long at least lies between two.
	checkAfterStart = 5 * time.Minute
	checkPause      = time.Minute
	// tokenBytes of a bearer token: 256 bits.
	tokenBytes = 32
	// MaxWants is how many records one page reads parts of: a list of titles twice as long as maxPage.
	MaxWants = 1000
	// MaxContacts are read at once, with two records each: a party that meets more in a month hands over the month in parts.
	MaxContacts = MaxWants / 4
	// maxTexts is how many bytes of content one page reads: the parts of one act (maxParts), with the page around them.
	maxTexts = 32 << 20
	// longestTitle and longestText are the longest that a page lays out, maxShown all that it does: a browser takes a moment for it.
	// What is longer can be read as a file, so that nobody keeps others from a page by what they write.
	longestTitle = 4 << 10
	longestText  = 1 << 20
	maxShown     = 4 << 20
	// maxTables is how many bytes of rows one page computes with: 200,000 figures, with room for the page's texts in maxTexts.
	maxTables = 24 << 20
	// maxNote is the longest own note on a record in bytes: a page and a half of instructions for a meeting.
	maxNote = 16 << 10
	// maxFeeds is how many calendars of one group are read: every office of a party on several machines.
	maxFeeds = 100
	// maxDates of each sort one calendar names, from calendarBack seconds ago.
	maxDates     = 200
	calendarBack = 92 * 86400
	// MaxFigureFile bytes of an agency's file of figures: as base64 it fits one request of the API, and it is held in memory while
	// people look at what it holds. Files of 200 MB list single events or municipalities, which are no figures of two governments.
	MaxFigureFile = 20_000_000
	// maxHistory of reports on one indicator are read to tell what is new, with maxFigureHistory bytes: a report every day for
	// twenty years, or a million figures.
	maxHistory       = 8000
	maxFigureHistory = 128 << 20
	// maxMappings of files of figures a party keeps in a group: every agency of a government has a few files.
	maxMappings = 100
	// maxPublic is how many published texts the public list shows: a statement a week for four years.
	maxPublic = 200
	// sessionIdle ends a session nobody uses: a desk is left unlocked over lunch, not over night.
	sessionIdle = time.Hour
	// sessionLife ends every session: a working day.
	sessionLife = 12 * time.Hour
	// maxLinkLife of a one-time link: it may wait in a mailbox over a week-end.
	maxLinkLife = 7 * 24 * time.Hour
	// maxSessions is how many sessions' last use is remembered; beyond it all count as just used.
	maxSessions = 100_000
	// maxCredentials per office and use: every official has a few authenticators.
	maxCredentials = 200
	// maxCredentialID is WebAuthn's own bound on credential ids; maxCredentialData has room for keys and flags.
	maxCredentialID   = 1023
	maxCredentialData = 8 << 10
	// boundDigits of a key's digest bind a sign-in to it: 64 bits, of keys that only the root key names.
	boundDigits = 16
	// maxSubject bounds issuer and subject: OpenID Connect Core, section 2, allows 255 characters for a subject.
	maxSubject = 512
	// maxViews an office saves per group: more are found by nobody. maxViewQuery bounds the query of one.
	maxViews     = 50
	maxViewQuery = 500
	// maxContacts of a directory: the offices of 32 parties, with room. maxContact bounds one text of it.
	maxContacts = 500
	maxContact  = 300
	// maxReviewDays is the furthest review of a default marking: ten years.
	maxReviewDays = 3660
	// maxRecords of an instrument are read at once, and maxNamed more that its state names: a peer that writes much must not keep
	// anybody from a page.
	maxRecords = 300
	maxNamed   = 300
	// maxBefore bounds a place in the history of an instrument: an index to the base of 36 for each party of a charter.
	maxBefore = 14 * 32
	// maxPage bounds one page of a list.
	maxPage = 500
	// maxRoutes of clearance a node keeps, and lines or groups of one: a ministry has a handful.
	maxRoutes = 64
	// maxRouteOffices of one route: what more offices must clear needs another procedure.
	maxRouteOffices = 16
	// maxRouteWithin is the longest time a route gives its offices.
	maxRouteWithin = 366 * 86400
	// maxClearanceText of one text in a clearance: a long legal opinion, not a file.
	maxClearanceText = 64 << 10
	// maxLooked is how many records or instruments one page looks at before it is given out short, with a next one: what is
	// asked for is rare, and a page must not take long.
	maxLooked = 2000
	// usualRecords is how many records above TLP:CLEAR a seat is shown in an hour before it is called unusual: twice what somebody
	// reads who opens a page a minute. usualAhead is how many entries more are read to count them.
	usualRecords = 600
	usualAhead   = 500
	// feedAhead is how many records of each log a feed reads at once.
	feedAhead = 64
	// maxCount is how far lists are counted: beyond it people read "more than".
	maxCount = 1000
	// maxCursor bounds the cursor of a list in bytes: four numbers of 64 bits to the base of 36, with what separates them.
	maxCursor = 64
	// maxNonPapers and maxNonPaperBytes bound the open non-papers of one party in one group, so that a peer cannot fill the disk;
	// keepNonPapers of those that are gone are remembered, so that one taken back does not come back.
	maxNonPapers     = 100
	maxNonPaperBytes = 4 << 20
	keepNonPapers    = 1000
	// maxNonPaperTitle and maxNonPaperBody of one language, in bytes: twenty pages.
	maxNonPaperTitle = 500
	maxNonPaperBody  = 64 << 10
	// nonPaperTime is how long a non-paper stands where its author says nothing, maxNonPaperTime the longest, in seconds.
	nonPaperTime    = 30 * 86400
	maxNonPaperTime = 366 * 86400
	// floatAgain is how long a node that did not take a non-paper is left alone, in seconds.
	floatAgain = 3600
	// maxProposals of one author wait to be founded here, and so many that were declined are remembered: a peer must not fill the disk,
	// and a party founds a handful of groups in a year.
	maxProposals = 32
	// maxIntroduction in bytes: keys, an address and two names.
	maxIntroduction = 64 << 10
	// maxPartyName and maxAddress bound what an introduction says of a party; a domain name has at most 253 bytes (RFC 1035, 2.3.4).
	maxPartyName = 200
	maxAddress   = 262
	// maxSignals indicators have their signals kept in memory, for maxReaders sets of reports that offices may read, each with the
	// latest keptPoints of its series: ten years of months. A group with 500 indicators has some tens of megabytes.
	maxSignals = 2000
	maxReaders = 4
	// maxStates of one kind are read for a checklist or an overview: more indicators are looked at by nobody.
	maxStates  = 2000
	keptPoints = 120
	// maxReports of one party on one indicator are read, the newest, of maxReportBytes of rows in all: a report a week for twenty
	// years, or 150,000 figures. What is older is left out, and every page, list and file says so.
	maxReports     = 1000
	maxReportBytes = record.MaxPart
	// maxKeptFigures stay in memory for the pages that show them, those not used for longest go first: some 300 bytes each.
	maxKeptFigures = 120_000
	// maxFindings of claims are kept for the readings of figures that they were held against: a few kilobytes each.
	maxFindings = 500
	// maxPageFigures is how many figures one page computes with where it reads several indicators: 24 of ten years of months of 32 areas
	// of both countries.
	maxPageFigures = 400_000
	// maxGossip is how many heads of other parties' logs one message carries.
	MaxGossip = 32
	// agreedTexts are looked through for agreed language, the latest: what a group agrees on in ten years. agreedShown sentences stand on
	// a page; one of fewer than agreedWords words in its languages together is a heading.
	agreedTexts = 500
	agreedShown = 60
	agreedWords = 6
	// maxPressLines one list shows: what a press office has ready for a year of meetings.
	maxPressLines = 200
	// maxAnnouncements are the texts that an office holds in an hour against what may not be published: a day's drafts, and too few to
	// find out by trying what parts say that it may not read.
	maxAnnouncements = 60
	// publicAgain is after how many seconds the public texts of a group are read again though nothing came: an hour of publication came.
	publicAgain = 60
	// maxCounted drafts are remembered with how much of them is held: more than wait for signatures at once.
	maxCounted = 1000
	// maxWatched terms stand on a watch list: names of operations and persons under protection, and no dictionary.
	maxWatched = 500
	// maxClaims one list shows.
	maxClaims = 200
	// maxClaimOthers are the indicators of its line of effort that a claim is held against beside its own: of a page they are read at once.
	maxClaimOthers = 24
)

// keyCommandTime is how long a KMS or HSM may take to answer a start. A variable, so that a test need not wait for it.
var keyCommandTime = 30 * time.Second
