/** placeholder type, written next */
export interface Ledger { readonly records: number }
