/** What a site begins with, and what its app-data metafields belong to. No scope is needed for any of it. */
export const INSTALLED_SHOP = /* GraphQL */ `
  query InstalledShop {
    shop {
      id
      name
      ianaTimezone
      shopAddress {
        countryCodeV2
      }
      primaryDomain {
        url
        localization {
          defaultLocale
        }
      }
    }
    currentAppInstallation {
      id
    }
  }
`;

export const METAFIELDS_SET = /* GraphQL */ `
  mutation MetafieldsSet($metafields: [MetafieldsSetInput!]!) {
    metafieldsSet(metafields: $metafields) {
      userErrors {
        code
      }
    }
  }
`;

/** Whether the shop is one of a developer, who pays nothing for what is tried there. */
export const SHOP_KIND = /* GraphQL */ `
  query ShopKind {
    shop {
      plan {
        partnerDevelopment
      }
    }
  }
`;
