export const BULK_START = /* GraphQL */ `
  mutation BulkStart($query: String!) {
    bulkOperationRunQuery(query: $query, groupObjects: true) {
      bulkOperation {
        id
      }
      userErrors {
        code
      }
    }
  }
`;

export const BULK_STATE = /* GraphQL */ `
  query BulkState($id: ID!) {
    bulkOperation(id: $id) {
      id
      status
      errorCode
      rootObjectCount
      url
    }
  }
`;

/** What the addresses and the prices of a shop are made with. */
export const SHOP_BASICS = /* GraphQL */ `
  query ShopBasics {
    shop {
      currencyCode
      primaryDomain {
        url
      }
    }
  }
`;

export const POLICIES = /* GraphQL */ `
  query Policies {
    shop {
      shopPolicies {
        id
        type
        title
        body
        url
        updatedAt
      }
    }
  }
`;

export const CHANGED_PRODUCTS = /* GraphQL */ `
  query ChangedProducts($ids: [ID!]!) {
    shop {
      currencyCode
      primaryDomain {
        url
      }
    }
    nodes(ids: $ids) {
      ... on Product {
        id
        handle
        title
        vendor
        productType
        descriptionHtml
        status
        onlineStoreUrl
        updatedAt
        options {
          name
          optionValues {
            name
          }
        }
        featuredMedia {
          preview {
            image {
              url
              altText
            }
          }
        }
        variants(first: 100) {
          nodes {
            id
            title
            sku
            price
            availableForSale
          }
        }
      }
    }
  }
`;

/** `published` is the same ids as a search that leaves out what the online store does not show. */
export const CHANGED_COLLECTIONS = /* GraphQL */ `
  query ChangedCollections($ids: [ID!]!, $published: String!) {
    shop {
      currencyCode
      primaryDomain {
        url
      }
    }
    nodes(ids: $ids) {
      ... on Collection {
        id
        handle
        title
        descriptionHtml
        updatedAt
      }
    }
    collections(first: 50, query: $published) {
      nodes {
        id
      }
    }
  }
`;
