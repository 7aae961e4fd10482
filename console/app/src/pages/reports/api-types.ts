export type { DataOf, Schema } from "@stockverify/client";
