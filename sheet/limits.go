package sheet

import "entente/opc"

// Every bound on foreign tables stands here, with its reason.
const (
	// MaxCSV bytes of a text file: the largest open data files of ministries are about 200 MB. It is read as a stream.
	MaxCSV = 256 << 20
	// MaxXLSX bytes of a workbook: packed, a full sheet of a million rows is about 50 MB.
	MaxXLSX = 64 << 20
	// MaxUnpacked bytes of a workbook's parts together. Sheets are read as a stream; only shared texts and styles are held.
	MaxUnpacked = 1 << 30
	// MaxRatio of unpacked to packed bytes: sheets of repeated numbers reach 50, a bomb 1,000.
	MaxRatio = 200
	// MaxEntries of a workbook's zip: sheets, pictures, comments and their relationships.
	MaxEntries = 4096
	// MaxSheets that are listed.
	MaxSheets = 512
	// MaxRows of a sheet: twice what Excel holds, and what MaxCSV holds at 120 bytes a row.
	MaxRows = 2_100_000
	// MaxColumns of a row: the widest tables of statistics offices have some hundreds; Excel ends at 16,384.
	MaxColumns = 2048
	// MaxCell bytes of a cell's text: Excel's 32,767 characters, four bytes each.
	MaxCell = 4 * 32767
	// MaxRow bytes of a row's texts: what is held at a time, and what an open quote may swallow before it is called one.
	MaxRow = 1 << 20
	// MaxBreaks is how many line breaks a row may have when quotes are taken as they are: more of them are an open quote.
	MaxBreaks = 100
	// MaxShared is how many shared texts a workbook may have, MaxSharedBytes what they take: they are held while it is read.
	MaxShared      = 1_000_000
	MaxSharedBytes = 64 << 20
	// MaxStyles of a workbook (Excel allows 65,490) and MaxFormat characters of a number format (Excel: 255).
	MaxStyles = 1 << 16
	MaxFormat = 1024
	// MaxMerges of a sheet: they are held while it is read.
	MaxMerges = 50_000
	// MaxFilled cells of a sheet that take their value from a merged range: a few columns of labels, all the way down.
	MaxFilled = 20_000_000
	// MaxHeaderRows that one header may take, and MaxSearch rows in which it is looked for: title pages of ministries take up to 20.
	MaxHeaderRows = 4
	MaxSearch     = 50
	// MaxMapping bytes of a mapping in JSON: 2,048 columns with their lists of values.
	MaxMapping = 1 << 20
	// MaxMelt columns that become rows of their own: months of some years, or the 32 states.
	MaxMelt = 512
	// MaxShown characters of a cell in a problem: enough to find it.
	MaxShown = 80
	// MaxTally kinds of problems that a preview counts apart.
	MaxTally = 4096
)

var packageLimits = opc.Limits{File: MaxXLSX, Entries: MaxEntries, Unpacked: MaxUnpacked, Ratio: MaxRatio, Token: MaxRow, Depth: 64}
